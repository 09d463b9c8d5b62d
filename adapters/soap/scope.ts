import { type Call, type Json, placeholdersOf, type Scope, settleMarks, type Template } from '../../src/index.ts'
import type { Invocation } from './invocation.ts'

/** The scope of expressions that make a request to `endpoint`; without one, the result goes to the caller, and no credential with it. */
export const scopeOf = ({ input, session, credentialsAt, target, run: { id, reference, attempt } }: Call, endpoint?: URL): Scope => ({
  input,
  session,
  credentials: credentialsAt(endpoint?.origin),
  env: target.env,
  steps: {},
  run: { id, reference, attempt }
})

/** The value of a template that makes a request: it sees what the login gave too. A person who registers a bot can put that in, not look at it. */
export async function render(template: Template, { call, endpoint, access }: Invocation): Promise<Json | undefined> {
  const { values } = access.login ?? {}
  if (values === undefined) return template(scopeOf(call, endpoint))
  const login = call.target.reach === undefined ? values : placeholdersOf(values)
  return settleMarks(await template({ ...scopeOf(call, endpoint), login }), login)
}
