/** The committing request as a person may read it: what it was and the fields of its form, without anything secret. */
import type { Request } from 'playwright-core'
import type { Call } from '../../src/index.ts'

type Redacting = Pick<Call, 'redact'>

const valueChars = 200
const fieldsShown = 60
/** Names of values that a page carries along for itself. */
const ofThePage = /token|csrf|state|session|nonce|auth|passw|secret/i

export function sentText(call: Redacting, request: Request): string {
  const { pathname } = new URL(request.url())
  const body = request.postDataBuffer()
  const kind = request.headers()['content-type'] ?? ''
  const head = [
    `${request.method()} ${call.redact(pathname)}`,
    ...(kind === '' ? [] : [`content-type: ${kind}`]),
    `${body?.length ?? 0} bytes`
  ]
  return [...head, '', ...fieldsOf(call, kind, body)].join('\n')
}

/** Other bodies are not shown: a secret may stand in them in a spelling that nobody looks for. */
function fieldsOf(call: Redacting, kind: string, body: Buffer | null): readonly string[] {
  if (body === null || !/^application\/x-www-form-urlencoded/i.test(kind)) return []
  const fields = [...new URLSearchParams(body.toString('utf8'))].slice(0, fieldsShown)
  return fields.map(([name, value]) => `${call.redact(name)}: ${ofThePage.test(name) ? '***' : call.redact(value).slice(0, valueChars)}`)
}
