/** A value that can not stand where the manifest has its hole. It is refused before anything is sent for it. */
import { asText, type Encode, type Holes, type Json, RetrofitError } from '../../src/index.ts'

/** `message` goes on after the expression: `is empty`. */
export class Unfit extends Error {}

/** The value itself is not told: it may be a secret. */
export const refusal = (detail: string, errors?: readonly { readonly pointer: string; readonly message: string }[]): RetrofitError =>
  new RetrofitError('invalid_input', {
    detail,
    hint: 'Nothing was done with it. Correct the value that the detail names, and send the call with a new idempotency key.',
    ...(errors && { errors })
  })

/** Makes the text of one hole; an Unfit that it throws becomes the refusal of the whole call. */
export function encoding({ expressions }: Holes, index: number, encode: (text: string, value: Json | undefined) => string): Encode {
  const expression = (expressions[index] ?? '').trim()
  return value => {
    try {
      return encode(legal(asText(value)), value)
    } catch (error) {
      if (!(error instanceof Unfit)) throw error
      const pointer = pointerOf(expression)
      throw refusal(`{{ ${expression} }} ${error.message}`, pointer === undefined ? [] : [{ pointer, message: error.message }])
    }
  }
}

/** The pointer of an expression that is a member of the input as it came. */
function pointerOf(expression: string): string | undefined {
  const [, path] = /^input((?:\.[A-Za-z_]\w*)+)$/.exec(expression) ?? []
  return path?.replaceAll('.', '/')
}

/** No page and no address holds these, so a value with them can only be meant to confuse. */
export function legal(text: string): string {
  if (text.includes('\0')) throw new Unfit('holds the character U+0000')
  if (!text.isWellFormed()) throw new Unfit('holds half a character (a lone surrogate)')
  return text
}

/** As Playwright reads texts: spaces are one, soft hyphens and zero-width spaces are none. A text of nothing would fit every element. */
export function notBlank(text: string): string {
  if (text.replace(/[\u200b\u00ad\s]/g, '') === '') throw new Unfit('is empty, and would fit every element')
  return text
}
