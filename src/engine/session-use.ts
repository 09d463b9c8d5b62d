/** A session's use to the calls made in it. */
import { withDefaults } from '../core/defaults.ts'
import { at, changed, explainErrors, fillInput, isWorthProlonging, remembered, sameVariables, tooMuch } from '../core/session.ts'
import type { Action, FieldError, Json, JsonObject, Run, Variable, Variables } from '../core/types.ts'
import { mask } from '../governance/sealer.ts'
import { sensitiveTexts } from '../governance/sensitive.ts'
import { answered } from './answered.ts'
import type { CallRequest } from './engine.ts'
import type { Parts } from './parts.ts'
import { changeSession, isSensitiveName, type OpenedSession, openSession, openVariables, sealVariables } from './sessions.ts'

export interface InSession {
  readonly input: unknown
  readonly errors: readonly FieldError[]
  /** The values that the run keeps. */
  readonly session?: string
  readonly sessionValues?: Json
}

/** Fills the input from the caller's session, then with the schema's defaults, and checks it. */
export async function enterSession(parts: Parts, { caller, input, session: id }: CallRequest, action: Action): Promise<InSession> {
  const use = action.session
  const opened = id === undefined ? undefined : await answered(openSession(parts, caller, id))
  const places = use?.fills ?? []
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input)
  const { input: filled, from } =
    opened === undefined || !isObject
      ? { input, from: new Map<string, string>() }
      : fillInput(input as JsonObject, places, opened.variables)
  const whole = isObject ? withDefaults(action.input, filled as JsonObject) : filled
  const errors = explainErrors(action.checkInput(whole), { from, places })
  if (opened === undefined) return { input: whole, errors }
  prolong(parts, opened)
  const reads = use?.reads === true ? { sessionValues: sealVariables(parts.sealer, opened.variables) } : {}
  return { input: whole, errors, session: opened.session.id, ...reads }
}

/** Nobody waits for it, and a write that comes in between prolongs by itself. */
function prolong({ store, telemetry }: Parts, { session }: OpenedSession): void {
  if (!isWorthProlonging(session, store.now())) return
  store.sessions
    .put(changed(session, store.now(), {}))
    .catch(error => telemetry.log.warn({ err: error }, 'a session could not be prolonged'))
}

/** The variables that expressions see, and which of their values must not be shown. */
export function sessionOf(
  { sealer }: Parts,
  { sessionValues }: Run
): { readonly values: JsonObject; readonly sensitive: readonly string[] } {
  if (sessionValues === undefined) return { values: {}, sensitive: [] }
  const variables = Object.entries(openVariables(sealer, sessionValues))
  return {
    values: Object.fromEntries(variables.map(([name, { value }]) => [name, value])),
    sensitive: variables.flatMap(([, { value, sensitive }]) => (sensitive ? sensitiveTexts({ 'x-sensitive': 'pii' }, value) : []))
  }
}

/**
 * Keeps what the action's output leaves in the session, before the run is seen as completed: whoever has the answer can go on.
 * A session that is gone, or full, costs nobody the answer.
 */
export async function rememberOutput(
  parts: Parts,
  { action, session, tenant, output }: { action: Action; session: string | undefined; tenant: string; output: Json }
): Promise<void> {
  const places = action.session?.remembers ?? []
  if (session === undefined || places.length === 0) return
  try {
    const shown = mask(action.output, output)
    const found = [...remembered(output, places)].map(([name, { value, path }]): readonly [string, Variable] => {
      const isSensitive =
        isSensitiveName(parts.catalog, name, tenant) || JSON.stringify(at(shown, path)) !== JSON.stringify(at(output, path))
      return [name, { value, ...(isSensitive ? { sensitive: true } : {}) }]
    })
    await changeSession(parts, session, before => {
      const variables = withFound(parts, { before, found, action })
      return sameVariables(before, variables) ? undefined : { variables }
    })
  } catch (error) {
    parts.telemetry.log.warn({ err: error, action: action.name }, 'a session could not remember an output')
  }
}

/** Each for itself: one that is too large keeps no other away. */
function withFound(
  { telemetry }: Parts,
  { before, found, action }: { before: Variables; found: readonly (readonly [string, Variable])[]; action: Action }
): Variables {
  let variables = before
  for (const [name, variable] of found) {
    const next = { ...variables, [name]: variable }
    if (tooMuch(next).length === 0) variables = next
    else telemetry.log.warn({ action: action.name, variable: name }, 'a session has no room for an output; it was not remembered')
  }
  return variables
}
