/** WWW-Authenticate (RFC 9110, section 11.6.1): several challenges in one header, or in several. */
export interface Challenge {
  /** In small letters. */
  readonly scheme: string
  readonly params: ReadonlyMap<string, string>
}

const item = /[\s,]*([!#$%&'*+.^_`|~\w/-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*))?/y
const [longest, most] = [16_384, 50]

/** Skips challenges that can not be read. */
export function readChallenges(headers: readonly string[]): readonly Challenge[] {
  return headers.flatMap(header => {
    const found: { scheme: string; params: Map<string, string> }[] = []
    const text = header.slice(0, longest)
    item.lastIndex = 0
    for (let match = item.exec(text); match !== null && found.length < most; match = item.exec(text)) {
      const [, name = '', value] = match
      if (value === undefined) found.push({ scheme: name.toLowerCase(), params: new Map() })
      else found.at(-1)?.params.set(name.toLowerCase(), unquoted(value))
    }
    return found
  })
}

const unquoted = (value: string): string => (value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/gs, '$1') : value)
