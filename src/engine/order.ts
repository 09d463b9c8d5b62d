/** A proof in each run's row that this service accepted it: a row that somebody else wrote is not carried out with the login of a bot. */
import { canonicalJson } from '../core/canonical-json.ts'
import type { Run } from '../core/types.ts'
import type { Sealer } from '../governance/sealer.ts'

/** Covers what does not change from the acceptance of a run to its end. */
function proofOf(sealer: Sealer, run: Run): string {
  const {
    id,
    tenant,
    subject,
    clientId,
    bot,
    botDigest,
    botTenant,
    action,
    input,
    session,
    sessionValues,
    reference,
    createdAt,
    deadlineAt
  } = run
  const who = [tenant, subject, clientId]
  const what = [bot, botDigest, botTenant ?? null, action, input, session ?? null, sessionValues ?? null, reference]
  return sealer.fingerprint(canonicalJson(['order', id, ...who, ...what, createdAt, deadlineAt]))
}

/** The run with its proof. */
export const proven = (sealer: Sealer, run: Run): Run => ({ ...run, proof: proofOf(sealer, run) })

export const isOrdered = (sealer: Sealer, run: Run): boolean => run.proof !== undefined && run.proof === proofOf(sealer, run)
