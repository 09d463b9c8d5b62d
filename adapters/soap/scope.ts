import type { Call, Scope } from '../../src/index.ts'

/** What expressions see that make a request to `endpoint`; without one, what they answer goes to the caller, and no credential with it. */
export const scopeOf = ({ input, session, credentialsAt, target, run: { id, reference, attempt } }: Call, endpoint?: URL): Scope => ({
  input,
  session,
  credentials: credentialsAt(endpoint?.origin),
  env: target.env,
  steps: {},
  run: { id, reference, attempt }
})
