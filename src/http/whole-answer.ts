/** Whether an answer is whole: by its length, and where that is wrong, by what it holds. */
import type { HttpAnswer } from './answer-reader.ts'
import { decodeContent } from './decode-content.ts'

export interface WholeAnswer extends HttpAnswer {
  /** Decoded; as it came where that can not be done. */
  readonly body: Buffer
  /** Why its encoding can not be undone. */
  readonly undecoded: string | undefined
}

/** The first value of a header. */
export const headerOf = ({ headers }: Pick<HttpAnswer, 'headers'>, name: string): string | undefined => headers.get(name)?.[0]

/** Undoes the encoding. A message that shows its own end is whole, whatever length was named for it. */
export async function wholeAnswer(answer: HttpAnswer, mostBytes: number): Promise<WholeAnswer> {
  if (answer.tooLarge) return { ...answer, undecoded: undefined }
  const { body, broken, isProven } = await decodeContent(answer.body, answer.headers.get('content-encoding')?.join(','), mostBytes)
  if (broken !== undefined) return { ...answer, undecoded: broken }
  const isWhole = answer.missing === undefined || isProven || showsEnd(body, headerOf(answer, 'content-type') ?? '')
  return { ...answer, body, missing: isWhole ? undefined : answer.missing, undecoded: undefined }
}

const endBytes = 200
const longestJson = 1_048_576

/** The end tag of a page or of a SOAP envelope, or the last bracket of a JSON text. */
function showsEnd(body: Buffer, type: string): boolean {
  if (/json/i.test(type)) return body.length <= longestJson && isJson(body.toString('utf8'))
  return /<\/(?:html|(?:[\w.-]+:)?Envelope)\s*>\s*$/i.test(body.toString('latin1', Math.max(0, body.length - endBytes)))
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}
