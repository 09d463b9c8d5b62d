/** The messages of a request to `/mcp`, as the protocol wants them: forms that clients are known to write otherwise are put right. */
import { RetrofitError } from '../../core/errors.ts'
import type { FieldError, Json, JsonObject } from '../../core/types.ts'
import { inexactInput, isJsonObject, parseJson } from '../json-body.ts'

export interface McpMessage {
  readonly message: JsonObject
  /** Numbers in the arguments of its tool that lost digits, by pointer into the arguments: the tool must not run. */
  readonly inexact: readonly FieldError[]
}

export interface McpBody {
  readonly messages: readonly McpMessage[]
  /** Several messages in a list, as revision 2025-03-26 has them. */
  readonly isBatch: boolean
}

const mostMessages = 100
const toolArguments = '/params/arguments'

/** `version`: the header MCP-Protocol-Version, which revisions before 2025-06-18 do not have. */
export function takeMessages(bytes: Uint8Array, version: string | undefined): McpBody {
  const { value, inexact } = parseJson(bytes)
  const isBatch = Array.isArray(value)
  if (isBatch) checkBatch(value as readonly Json[], version)
  const list = isBatch ? (value as readonly Json[]) : [value]
  const found = list.map((message, index) => of(message, inexactAt(inexact, isBatch ? `/${index}` : '')))
  // A tool tells its model itself what is wrong with its arguments; a client would keep a refusal of the whole message to itself.
  if (found.reduce((sum, one) => sum + one.ofTool, 0) < inexact.length) throw inexactInput(inexact)
  return { messages: found.map(({ message, inexact: own }) => ({ message, inexact: own })), isBatch }
}

function checkBatch(list: readonly Json[], version: string | undefined): void {
  if (version !== undefined && version > '2025-03-26')
    throw refused(`Revision ${version.slice(0, 20)} has no batches`, 'Send each message in a request of its own.')
  if (list.length === 0) throw refused('The batch holds no message', 'Send at least one message.')
  if (list.length > mostMessages) throw refused(`The batch holds ${list.length} messages`, `Send at most ${mostMessages} in one request.`)
  const ids = list.flatMap(one => (isJsonObject(one) && one.method !== undefined && one.id !== undefined ? [JSON.stringify(one.id)] : []))
  if (new Set(ids).size < ids.length) throw refused('Two messages of the batch have one id', 'Give each message an id of its own.')
}

const refused = (detail: string, hint: string): RetrofitError => new RetrofitError('invalid_request', { detail, hint })

const inexactAt = (inexact: readonly FieldError[], place: string): readonly FieldError[] =>
  inexact.flatMap(({ pointer, message }) =>
    pointer.startsWith(`${place}${toolArguments}/`) ? [{ pointer: pointer.slice(place.length + toolArguments.length), message }] : []
  )

function of(value: Json, inexact: readonly FieldError[]): McpMessage & { readonly ofTool: number } {
  if (!isJsonObject(value))
    throw new RetrofitError('invalid_input', {
      detail: 'A JSON-RPC message must be an object',
      errors: [{ pointer: '', message: 'must be an object' }]
    })
  if (value.method !== 'tools/call') return { message: tidy(value), inexact: [], ofTool: 0 }
  const { message, inexact: inText } = withArguments(tidy(value), isJsonObject(value.params) ? value.params.arguments : undefined)
  return { message, inexact: [...inexact, ...inText], ofTool: inexact.length }
}

/** Serializers that know no "left out" write null, and those of PHP a list for an object without members. */
const isNothing = (value: Json | undefined): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0)

/** Outside of a tool's arguments null never means anything but that a member is left out. */
function tidy({ params, ...envelope }: JsonObject): JsonObject {
  const message = outer(envelope)
  if (isNothing(params)) return message
  if (!isJsonObject(params)) return { ...message, params: params as Json }
  const { arguments: given, _meta, ...others } = params
  const rest = message.method === 'tools/call' || given === undefined ? others : { ...others, arguments: given }
  const known = isNothing(_meta) ? rest : { ...rest, _meta: _meta as Json }
  const capabilities = message.method === 'initialize' && isNothing(params.capabilities) ? { capabilities: {} } : {}
  return { ...message, params: { ...(withoutNulls(known) as JsonObject), ...capabilities } }
}

/** The id of a request stays: null is none that could be answered. */
const outer = (message: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(message).filter(
      ([name, value]) => value !== null || (name === 'id' && !String(message.method).startsWith('notifications/'))
    )
  )

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutNulls)
  if (!isJsonObject(value)) return value
  const kept = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutNulls(member)]))
}

/** Null, an empty list and an empty text stand for no arguments; a text that holds an object stands for that object, as function calls of OpenAI have it. */
function withArguments(message: JsonObject, given: Json | undefined): McpMessage {
  if (isNothing(given) || given === undefined || given === '') return { message, inexact: [] }
  const read = typeof given === 'string' ? jsonIn(given) : undefined
  const { value, inexact } = read !== undefined && isJsonObject(read.value) ? read : { value: given, inexact: [] }
  return { message: { ...message, params: { ...(message.params as JsonObject), arguments: value } }, inexact }
}

/** What a text holds as JSON; undefined where it holds none, or none that may come in. */
export function jsonIn(text: string): { readonly value: Json; readonly inexact: readonly FieldError[] } | undefined {
  try {
    return parseJson(Buffer.from(text))
  } catch {
    return undefined
  }
}
