/** How an MCP client says which calls are the same: an argument that every model can fill in, or `_meta` that a host sets. */
import { RetrofitError } from '../../core/errors.ts'
import type { Action, JsonObject } from '../../core/types.ts'
import { keyArgument, reservedName } from './reserved-names.ts'

/** The JSON-RPC id says nothing: after a broken stream a client sends the call again under a new one. */
export const keyMeta = 'idempotencyKey'

const description = 'You make it up: the same for every try of one intention.'

/** Reads need none. */
const takesKey = ({ effect }: Action): boolean => effect !== 'read'

/** What the argument is called where the action has an input of that name itself. */
const keyArgumentOf = (action: Action): string => reservedName(keyArgument, action)

/** Asked for only where no key of the manifest guards; one that is sent is taken everywhere. */
export function withKeyArgument(action: Action, inputSchema: JsonObject): JsonObject {
  if (!takesKey(action) || !needsKey(action)) return inputSchema
  const required = (inputSchema.required ?? []) as readonly string[]
  const name = keyArgumentOf(action)
  const properties = { ...(inputSchema.properties as JsonObject | undefined), [name]: { type: 'string', description } }
  return { ...inputSchema, properties, required: [...required, name] }
}

const needsKey = ({ idempotency }: Action): boolean => idempotency.key === undefined

export interface Keyed {
  readonly args: JsonObject
  readonly key: string | undefined
}

export function takeKey(action: Action, args: JsonObject, meta: Readonly<Record<string, unknown>>): Keyed {
  if (!takesKey(action)) return { args, key: checked(meta[keyMeta], `_meta/${keyMeta}`) }
  const name = keyArgumentOf(action)
  const { [name]: argument, ...rest } = args
  const isOfHost = meta[keyMeta] !== undefined && meta[keyMeta] !== null
  return { args: rest, key: isOfHost ? checked(meta[keyMeta], `_meta/${keyMeta}`) : checked(argument, name) }
}

function checked(key: unknown, name: string): string | undefined {
  if (key === undefined || key === null) return undefined
  if (typeof key === 'string' && /^[\x20-\x7e]{1,255}$/.test(key)) return key
  const message = `${name} must be 1 to 255 printable ASCII characters`
  throw new RetrofitError('invalid_request', { detail: message, errors: [{ pointer: `/${name}`, message }] })
}
