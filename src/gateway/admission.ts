/** What every request passes between its token and its operation: scopes, rate, media types, body. */
import { RetrofitError } from '../core/errors.ts'
import { missingScopes } from '../governance/scopes.ts'
import { qualityOf } from './accept.ts'
import { lacks } from './access.ts'
import type { Exchange } from './exchange.ts'
import { parseJsonObject } from './json-body.ts'
import { takeMessages } from './mcp/take-messages.ts'
import { createRate } from './rate.ts'
import { readBody } from './read-body.ts'
import type { GatewaySettings } from './settings.ts'

export function createAdmission(settings: GatewaySettings): (exchange: Exchange) => Promise<void> {
  const rate = createRate(settings.maxCallsPerSecond)
  /** Each message of a batch counts. One that holds more than a second's could never be admitted, and is refused as what it is. */
  const countBatch = async (exchange: Exchange, messages: number): Promise<void> => {
    const most = settings.maxCallsPerSecond
    if (most > 0 && messages > most)
      throw new RetrofitError('invalid_request', { detail: `The batch holds ${messages} messages, and ${most} may be sent in a second` })
    if (messages > 1) await rate(exchange, messages - 1)
  }
  return async exchange => {
    const { caller, route } = exchange
    if (caller !== undefined) {
      const missing = missingScopes(caller.scopes, route.scopes ?? [])
      if (missing.length > 0) throw lacks(missing)
      await rate(exchange)
      exchange.countCalls = more => rate(exchange, more)
    }
    checkAccept(exchange)
    if (route.accepts !== undefined) await takeBody(exchange, route.accepts, settings.maxBodyBytes)
    if (caller !== undefined && exchange.mcp?.isBatch) await countBatch(exchange, exchange.mcp.messages.length)
  }
}

/** `Accept` must admit one of the good answers. */
function checkAccept({ headers, route }: Exchange): void {
  const accept = headers.accept
  if (accept === undefined || accept.trim() === '' || route.produces.length === 0 || route.produces.includes('*/*')) return
  if (route.produces.some(type => qualityOf(accept, type) > 0)) return
  throw new RetrofitError('not_acceptable', {
    detail: `The answer is ${route.produces.join(' or ')}`,
    hint: `Send Accept: ${route.produces[0]}.`
  })
}

/** No body at all is an empty input: an action without required properties can be called by a bare POST. */
async function takeBody(exchange: Exchange, accepts: readonly string[], maxBytes: number): Promise<void> {
  const { headers, request } = exchange
  const empty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0
  const isText = accepts.includes('application/yaml')
  if (!empty || isText) checkMediaType(headers, accepts)
  const bytes = empty ? undefined : await readBody(request, maxBytes)
  if (isText) exchange.text = decodeText(bytes ?? Buffer.alloc(0))
  if (isText || bytes === undefined) exchange.body = {}
  else takeJson(exchange, bytes)
}

function takeJson(exchange: Exchange, bytes: Buffer): void {
  if (exchange.route.operationId !== 'callMcp') {
    exchange.body = parseJsonObject(bytes)
    return
  }
  exchange.mcp = takeMessages(bytes, exchange.headers['mcp-protocol-version'] as string | undefined)
  exchange.body = {}
}

function checkMediaType(headers: Exchange['headers'], accepts: readonly string[]): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map(part => part.trim().toLowerCase())
  const otherCharset = parameters.some(parameter => parameter.startsWith('charset=') && !/^charset="?utf-8"?$/.test(parameter))
  const encoding = headers['content-encoding']
  const encoded = encoding !== undefined && encoding.toLowerCase() !== 'identity'
  if (accepts.includes(type) && !otherCharset && !encoded) return
  const detail = encoded ? 'Compressed bodies are not taken' : `The body must be ${accepts.join(' or ')} in UTF-8`
  throw new RetrofitError('unsupported_media_type', { detail, hint: `Send Content-Type: ${accepts[0]}, in UTF-8 and not compressed.` })
}

function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new RetrofitError('malformed_json', { detail: 'The body is not UTF-8' })
  }
}
