/** Keeps values that a manifest took from the environment out of messages. */

/** A value under this many characters (`1`, `true`) would hit everything. */
const shortest = 4

/** Replaces each value of the environment in a text by `{{ env.NAME }}`: also the parts of an address that connection errors show. Longest first. */
export function hideEnvironment(env: Readonly<Record<string, string>>): (text: string) => string {
  const known = Object.entries(env)
    .flatMap(([name, value]) => partsOf(value).map(part => ({ part, shown: `{{ env.${name} }}` })))
    .filter(({ part }) => part.length >= shortest)
    .sort((a, b) => b.part.length - a.part.length)
  return text => known.reduce((clean, { part, shown }) => clean.replaceAll(part, shown), text)
}

function partsOf(value: string): readonly string[] {
  if (!URL.canParse(value)) return [value]
  const { origin, host, hostname, href } = new URL(value)
  return [value, href, origin === 'null' ? host : origin, host, hostname]
}
