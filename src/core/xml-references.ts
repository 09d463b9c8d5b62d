/** The references in a text of XML: characters by their number, and the five entities. */
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Undefined: it refers to something else. */
export function decodeReferences(raw: string): string | undefined {
  if (!raw.includes('&')) return raw
  let good = true
  const text = raw.replace(
    /&(?:#x([0-9a-fA-F]{1,6});|#([0-9]{1,7});|([A-Za-z]+);)?/g,
    (_, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined && Object.hasOwn(entities, name)) return entities[name] as string
      const code = hex !== undefined ? Number.parseInt(hex, 16) : decimal !== undefined ? Number(decimal) : -1
      if (legal(code)) return String.fromCodePoint(code)
      good = false
      return ''
    }
  )
  return good ? text : undefined
}

const legal = (code: number): boolean =>
  code === 9 ||
  code === 10 ||
  code === 13 ||
  (code >= 32 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  (code >= 0x10000 && code <= 0x10ffff)
