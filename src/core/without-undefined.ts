/** A loop, because every write of a run comes through here: by way of `Object.entries` it takes several times as long. */
export function withoutUndefined<T extends object>(all: T): T {
  const kept: Partial<T> = {}
  for (const name in all) if (all[name] !== undefined) kept[name] = all[name]
  return kept as T
}
