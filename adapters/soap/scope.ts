import type { Call, Scope } from '../../src/index.ts'

/** What expressions see; `response` comes beside it once there is one. */
export const scopeOf = ({ input, session, credentials, target, run: { id, reference, attempt } }: Call): Scope => ({
  input,
  session,
  credentials,
  env: target.env,
  steps: {},
  run: { id, reference, attempt }
})
