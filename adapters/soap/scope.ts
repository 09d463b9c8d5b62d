import type { Call, Scope } from '../../src/index.ts'

/** The scope of expressions that make a request to `endpoint`; without one, the result goes to the caller, and no credential with it. */
export const scopeOf = ({ input, session, credentialsAt, target, run: { id, reference, attempt } }: Call, endpoint?: URL): Scope => ({
  input,
  session,
  credentials: credentialsAt(endpoint?.origin),
  env: target.env,
  steps: {},
  run: { id, reference, attempt }
})
