/** How an MCP client says which calls are the same: an argument that every model can fill in, or `_meta` that a host sets. */
import { RetrofitError } from '../../core/errors.ts'
import type { Action, JsonObject } from '../../core/types.ts'

/** The JSON-RPC id says nothing: after a broken stream a client sends the call again under a new one. */
export const keyArgument = 'idempotency_key'
export const keyMeta = 'idempotencyKey'

const description = 'You make it up: the same for every try of one intention.'

/** Reads need none, and an action may have an argument of that name itself. */
const takesKey = ({ effect, input }: Action): boolean =>
  effect !== 'read' && !Object.hasOwn((input.properties ?? {}) as JsonObject, keyArgument)

/** Asked for only where no key of the manifest guards; one that is sent is taken everywhere. */
export function withKeyArgument(action: Action, inputSchema: JsonObject): JsonObject {
  if (!takesKey(action) || !needsKey(action)) return inputSchema
  const required = (inputSchema.required ?? []) as readonly string[]
  const properties = { ...(inputSchema.properties as JsonObject | undefined), [keyArgument]: { type: 'string', description } }
  return { ...inputSchema, properties, required: [...required, keyArgument] }
}

const needsKey = ({ idempotency }: Action): boolean => idempotency.key === undefined

export interface Keyed {
  readonly args: JsonObject
  readonly key: string | undefined
}

export function takeKey(action: Action, args: JsonObject, meta: Readonly<Record<string, unknown>>): Keyed {
  const { [keyArgument]: argument, ...rest } = args
  const own = takesKey(action)
  return { args: own ? rest : args, key: checked(meta[keyMeta] ?? (own ? argument : undefined)) }
}

function checked(key: unknown): string | undefined {
  if (key === undefined || key === null) return undefined
  if (typeof key === 'string' && /^[\x20-\x7e]{1,255}$/.test(key)) return key
  const message = `${keyArgument} must be 1 to 255 printable ASCII characters`
  throw new RetrofitError('invalid_request', { detail: message, errors: [{ pointer: `/${keyArgument}`, message }] })
}
