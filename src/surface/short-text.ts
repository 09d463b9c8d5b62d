/** An output as the text that costs a model the least, and never more than the same as JSON. */
import type { Json } from '../core/types.ts'
import type { CountTokens } from './count-tokens.ts'
import { unboxed } from './for-models.ts'
import type { Readable } from './readable.ts'
import { legend, twinOf, type Windows } from './text-twin.ts'

/** The legend stands above it where the whole is still no longer than JSON; prompts say it as well. */
export function shortText(read: Readable, { count, windows }: { readonly count: CountTokens; readonly windows?: Windows }): string {
  const json = visibleJson(unboxed(read))
  const twin = twinOf(read, windows)
  const most = count(json)
  const text = count(twin) <= most ? twin : json
  const explained = read.boxes.size === 0 ? text : `${legend}\n${text}`
  return explained !== text && count(explained) <= most ? explained : text
}

const hidden = /[\p{Cf}\p{Co}\p{Cs}\u007f-\u009f\u2028\u2029]/gu

/** The same JSON, with nothing in it that does not show. */
const visibleJson = (value: Json): string =>
  JSON.stringify(value).replaceAll(hidden, one =>
    Array.from({ length: one.length }, (_, i) => `\\u${one.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')
  )
