/** The evidence that a failed call leaves behind: the first bytes of the answer and, after a commit, the request; nothing secret, no stack of the target. */
import type { Call } from '../../src/index.ts'
import type { Answer } from './http.ts'
import type { OperationPlan } from './plan.ts'
import { basicToken } from './security/auth.ts'
import { withoutTrace, withoutTraces } from './stack-trace.ts'

const shownChars = 4_096
const mask = '***'

export interface Exchanged {
  readonly request: string | undefined
  readonly answer: Answer | undefined
}

export async function attachEvidence(call: Call, operation: OperationPlan, { request, answer }: Exchanged): Promise<void> {
  const files: (readonly [string, string])[] = []
  if (request !== undefined) files.push(['request', request])
  if (answer !== undefined && answer.body.length > 0) files.push(['answer', textOf(answer)])
  for (const [name, text] of files) {
    const content = Buffer.from(clean(call, operation, text))
    // The failure itself is what the caller must hear of.
    await call.attach(`${name}-${call.run.attempt}.txt`, content, 'text/plain; charset=utf-8').catch(() => undefined)
  }
}

const textOf = ({ body }: Answer): string => withoutTraces(body.toString('utf8', 0, shownChars * 16), decodeReferences)

/** For somebody who looks on. */
export async function showExchanged(call: Call, operation: OperationPlan, { request, answer }: Exchanged): Promise<void> {
  if (call.onlooker === undefined || call.evidence === 'none') return
  if (request !== undefined) await call.onlooker.show({ suffix: '-request.xml', content: clean(call, operation, request) })
  if (answer !== undefined) await call.onlooker.show({ suffix: '-answer.xml', content: clean(call, operation, textOf(answer)) })
}

/** The request that is about to leave. */
export const sentText = (call: Call, operation: OperationPlan, request: string): string => clean(call, operation, request)

/** One line of a target's own words: a stack trace has many. */
export function firstLine(call: Call, text: string): string {
  const line = withoutTrace(text).split(/[\r\n]/, 1)[0] ?? ''
  return clean(call, undefined, line).slice(0, 200)
}

/** Cut last: half a secret would not be found. */
function clean(call: Call, operation: OperationPlan | undefined, text: string): string {
  const named = operation === undefined ? text : maskNames(text.slice(0, shownChars * 4), operation.sensitive)
  const decoded = decodeReferences(named)
  const redacted = call.redact(redactLogin(call, decoded))
  return (redacted === decoded ? call.redact(redactLogin(call, named)) : redacted).slice(0, shownChars)
}

/** Elements with all that is in them, also one that is cut off; and attributes. */
function maskNames(text: string, names: ReadonlySet<string>): string {
  if (names.size === 0) return text
  const any = [...names].map(name => name.replace(/[^\w]/g, '\\$&')).join('|')
  const element = new RegExp(`(<(?:[\\w.-]+:)?(${any})(?:\\s[^>]*)?(?<!/)>)[\\s\\S]*?(</(?:[\\w.-]+:)?\\2\\s*>|$)`, 'g')
  const attribute = new RegExp(`(\\s(?:[\\w.-]+:)?(?:${any})\\s*=\\s*)("[^"]*"?|'[^']*'?)`, 'g')
  return text.replace(element, `$1${mask}$3`).replace(attribute, `$1"${mask}"`)
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

/** A secret may stand there escaped. */
function decodeReferences(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name.toLowerCase()] ?? whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

/** HTTP Basic is the login in another spelling. */
const redactLogin = ({ credentials: { username = '', password } }: Call, text: string): string =>
  password === undefined ? text : text.replaceAll(basicToken(username, password), mask)
