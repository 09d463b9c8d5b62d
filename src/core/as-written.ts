/** JSON whose numbers print with the digits that stood in it: `125.50` is no `125.5` to a person who is asked about it. */

/** V8's own, which its types do not know yet: JSON.stringify writes it as it is (ECMAScript, JSON.parse source text access). */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown }

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const parseWith = JSON.parse as (text: string, reviver: Reviver) => unknown

const keepDigits: Reviver = (_, value, { source }) => (typeof value === 'number' && source !== undefined ? rawJSON(source) : value)

/** Only to be shown. The members of the object that the text holds, also where it stands in a string; undefined: it holds none. */
export function asWritten(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseWith(text, keepDigits)
    const inside = typeof value === 'string' ? parseWith(value, keepDigits) : value
    return typeof inside === 'object' && inside !== null && !Array.isArray(inside)
      ? (inside as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}
