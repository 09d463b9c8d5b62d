/** Which names the expressions of an action see, by the place where they stand. */
import type { ActionSource, JsonObject, Seen } from '../../src/index.ts'

type Path = readonly (string | number)[]

/** The keys that take expressions, for people. */
export const templates =
  'request.body, response.result, headers, errors.<code>.when.response; request.body, response.result, found and output of the probe; and request.body, headers, keep, address and expired of target.login'

/** Those that are read after the answer, by the first and the last step of their path. */
const afterAnswer: ReadonlySet<string> = new Set(['response result', 'errors response', 'probe result', 'probe found', 'probe output'])
const outputs: ReadonlySet<string> = new Set(['response result', 'probe output'])

export function takesIn(source: ActionSource, outer: Path): (path: Path) => void {
  return inner => {
    const path = [...outer, ...inner]
    const kind = `${path[0]} ${path.at(-1)}`
    if (source.action === source.target.login) return source.takes?.(path, inLogin(source, inner))
    source.takes?.(path, {
      ...(afterAnswer.has(kind) ? answered(source, kind) : { names: loginNames(source) }),
      isOutput: outputs.has(kind)
    })
  }
}

/** No caller's input, and the answer of the login where something of it is kept. */
function inLogin({ action }: ActionSource, [key]: Path): Seen {
  const { schema } = (action.response ?? {}) as { readonly schema?: JsonObject }
  const isAfter = key === 'keep' || key === 'address'
  const names = { properties: { response: schema ?? {} }, required: ['response'], $defs: schema?.$defs ?? {} }
  return {
    input: { type: 'object', additionalProperties: false },
    ...(isAfter ? { names, sealed: true, asked: needed(action) } : { names: {} })
  }
}

/** A login that does not give these has failed: nobody has to say so. */
const needed = ({ keep, address }: JsonObject): readonly string[] =>
  [...Object.values((keep ?? {}) as JsonObject), address ?? ''].map(String)

/** The values that the login gives, where there is one. In the login itself they are not there yet: its own place has no input either. */
function loginNames({ target, action }: ActionSource): JsonObject {
  const { keep } = (target.login ?? {}) as { readonly keep?: JsonObject }
  if (keep === undefined || action === target.login) return {}
  const properties = Object.fromEntries(Object.keys(keep).map(name => [name, { type: 'string' }]))
  const login = { type: 'object', properties, required: Object.keys(keep), additionalProperties: false }
  return { properties: { login }, required: ['login'] }
}

/** The part of an answer beyond its schema is never read. */
function answered({ action, output }: ActionSource, kind: string): Seen {
  const probe = action.probe as { readonly found?: unknown } | undefined
  const isOfProbe = kind.startsWith('probe ')
  const keys = (isOfProbe ? probe : action) as { readonly response?: { readonly schema?: JsonObject } }
  const response = keys.response?.schema ?? (isOfProbe ? undefined : output)
  return {
    names: { properties: { response: response ?? {} }, required: ['response'], $defs: response?.$defs ?? {} },
    sealed: true,
    asked: kind === 'probe output' ? [String(probe?.found)] : undefined
  }
}
