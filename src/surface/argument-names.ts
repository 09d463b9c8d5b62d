/** Names of arguments that every provider takes, one for each name of the author's. */
const portable = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/

/** `Order No.` → `Order_No_`; what is portable stays, whatever else is there. */
export function argumentNames(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set(names.filter(name => portable.test(name)))
  return new Map(names.map(name => [name, portable.test(name) ? name : free(portableName(name), taken)]))
}

export function portableName(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9_]/g, '_').slice(0, 60)
  return /^[A-Za-z_]/.test(safe) ? safe : `_${safe}`
}

/** Marks the name as taken. */
export function free(wanted: string, taken: Set<string>): string {
  let name = wanted
  for (let i = 2; taken.has(name); i++) name = `${wanted}_${i}`
  taken.add(name)
  return name
}
