/** Names and titles that agents can use. */

/** `getCustomerByID2` → `get_customer_by_id2` */
export function snakeCase(name: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase()
  return words.replace(/^_+|(?<!_)_+$/g, '').replace(/^([^a-z])/, 'x$1') || 'operation'
}

/** `get_customer_by_id` → `Get customer by id` */
export function titleOf(name: string): string {
  const words = snakeCase(name).replaceAll('_', ' ')
  return (words[0] ?? '').toUpperCase() + words.slice(1)
}

const longest = 64

/** A name below the limit that nobody has yet. */
export function uniqueName(wanted: string, taken: ReadonlySet<string>, most = longest): string {
  const base = wanted.slice(0, most).replace(/(?<!_)_+$/, '')
  for (let count = 1; ; count += 1) {
    const suffix = count === 1 ? '' : `_${count}`
    const name = base.slice(0, most - suffix.length) + suffix
    if (!taken.has(name)) return name
  }
}

export const botNameOf = (name: string): string =>
  uniqueName(snakeCase(name).replace(/_(web_?service|service|services|soap|wsdl|port|port_type|binding)$/, ''), new Set(), 24)

/** Of text from strangers: no control characters, none that hide or turn the text. */
export const cleanText = (text: string, longestText: number): string => {
  const clean = text
    .replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\u200b\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .toWellFormed()
    .trim()
  return clean.length <= longestText ? clean : `${clean.slice(0, longestText - 1).toWellFormed()}…`
}
