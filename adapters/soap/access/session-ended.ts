/** An answer that says that the login is over. */
import type { Json } from '../../../src/index.ts'
import { isTrue } from '../../../src/index.ts'
import type { Symptom } from '../faults.ts'
import type { Invocation } from '../invocation.ts'
import { scopeOf } from '../scope.ts'

export class SessionEnded extends Error {
  /** The meaning of the answer where no new login helps. */
  readonly meaning: Error
  /** The manifest says that such an answer says so, and so that nothing was applied. */
  readonly isDeclared: boolean

  constructor(meaning: Error, isDeclared: boolean) {
    super(meaning.message)
    this.meaning = meaning
    this.isDeclared = isDeclared
  }
}

const canEnd = ({ call: { steps }, role }: Invocation): boolean =>
  role !== 'login' && (steps.login !== undefined || steps.oauth !== undefined)

/** The meaning of an answer that is a fault, or SessionEnded around it. RFC 9110, section 15.5.2: 401 wants another login. */
export function endedOr(invocation: Invocation, symptom: Symptom, meaning: Error): Error {
  if (!canEnd(invocation)) return meaning
  const { verify } = invocation.operation.seal?.security ?? {}
  const isBelieved = verify === undefined || verify.unsignedFaults || symptom.fault !== undefined
  const { expired = [] } = invocation.call.steps.login ?? {}
  const isDeclared = isBelieved && expired.some(({ match }) => match?.(symptom) === true)
  return isDeclared || symptom.http === 401 ? new SessionEnded(meaning, isDeclared) : meaning
}

/** Whether an answer that is no fault says so. */
export async function saysEnded(invocation: Invocation, response: Json): Promise<boolean> {
  if (!canEnd(invocation)) return false
  for (const { response: condition } of invocation.call.steps.login?.expired ?? [])
    if (condition !== undefined && (await isTrue(condition, { ...scopeOf(invocation.call), response }))) return true
  return false
}
