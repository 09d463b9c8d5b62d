/** What a session means for those who call: inputs that it can fill need not be sent, and a model can say which session it is. */

import { RetrofitError } from '../core/errors.ts'
import { own } from '../core/own.ts'
import type { Action, JsonObject } from '../core/types.ts'
import { free } from './argument-names.ts'
import type { CompiledInput } from './compile-schema.ts'
import type { Profile } from './dialect.ts'
import { isObject } from './flatten.ts'
import { withNull } from './null.ts'

/** The input as a caller has to send it; the action's own when no session fills any of it. */
export function askedInput({ input, session }: Action): JsonObject {
  return (session?.fills ?? []).reduce<JsonObject>((schema, { path }) => relaxed(schema, path), input)
}

const leftOut = 'Left out: taken from the session.'

function relaxed(schema: JsonObject, [name = '', ...rest]: readonly string[]): JsonObject {
  const { properties, required, ...others } = schema
  const property = isObject(properties) ? own(properties, name) : undefined
  if (!isObject(properties) || !isObject(property)) return schema
  if (rest.length > 0) return { ...schema, properties: { ...properties, [name]: relaxed(property, rest) } }
  const description = [property.description, leftOut].filter(text => text !== undefined).join(' ')
  const needed = Array.isArray(required) ? required.filter(one => one !== name) : []
  return {
    ...others,
    properties: { ...properties, [name]: { ...property, description } },
    ...(needed.length === 0 ? {} : { required: needed })
  }
}

/**
 * What a caller has: no session; one that is sent beside the arguments, so that a model never hears of it; or one that the model
 * names itself, as an argument.
 */
export type SessionForm = 'none' | 'carried' | 'argument'

export interface CompiledCall extends CompiledInput {
  /** Of what the model sent. */
  sessionOf(args: JsonObject): string | undefined
}

export const sessionArgument = { type: 'string', description: 'Session id, if there is one.' }

interface Using {
  readonly action: Action
  readonly profile: Profile
  readonly form: SessionForm
}

/** One more argument beside the input's own, for actions that use a session. It is read in every form. */
export function withSession(compiled: CompiledInput, { action, profile, form }: Using): CompiledCall {
  if (action.session === undefined) return { ...compiled, sessionOf: () => undefined }
  const { parameters, decode } = compiled
  const properties = (parameters.properties ?? {}) as JsonObject
  const required = (parameters.required ?? []) as readonly string[]
  const name = free('session', new Set(Object.keys(properties)))
  const isNull = profile.optional === 'null'
  const { $defs, ...rest } = parameters
  const argument = sessionArgument
  const listed = {
    ...rest,
    properties: { ...properties, [name]: isNull ? withNull(argument, profile) : argument },
    ...(isNull ? { required: [...required, name] } : {}),
    ...($defs === undefined ? {} : { $defs })
  }
  return {
    ...compiled,
    parameters: form === 'argument' ? listed : parameters,
    decode: value => {
      if (!isObject(value)) return decode(value)
      const { [name]: _, ...input } = value
      return decode(input)
    },
    sessionOf: args => {
      const sent = args[name]
      if (sent === undefined || sent === null || sent === '') return undefined
      if (typeof sent === 'string') return sent
      const message = 'must be the id of a session'
      throw new RetrofitError('invalid_input', { detail: `/${name} ${message}`, errors: [{ pointer: `/${name}`, message }] })
    }
  }
}
