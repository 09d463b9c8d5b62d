/** The tries that one attempt may make: a second one, with a new login, where the session had ended. At most one of them commits. */
import { NothingSent } from '../../src/index.ts'
import { callWith, type StageCall } from './plan.ts'

export interface Try {
  readonly call: StageCall
  /** Nothing of it may commit from now on; false when it has asked to, so that no other try may be made. */
  giveUp(): boolean
}

/** A page that was left behind may still be at work, so each try has a way of its own to the commit point. */
export function tryOf(call: StageCall): Try {
  let isOver = false
  let hasAsked = false
  const commit = async (sent?: string) => {
    if (isOver) throw new NothingSent('the page had been given up before the request left', { retryable: true })
    hasAsked = true
    await call.commit(sent)
  }
  return {
    call: callWith(call, { commit }),
    giveUp: () => {
      isOver = true
      return !hasAsked
    }
  }
}
