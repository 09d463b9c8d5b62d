/** One call of one operation by somebody who is logged in; where the target says that the login is over, once more with a new one. */
import { type Call, NothingSent } from '../../../src/index.ts'
import type { Invocation } from '../invocation.ts'
import { type Invoked, invoke } from '../invoke.ts'
import type { OperationPlan, Plan } from '../plan.ts'
import type { Pools } from '../pools.ts'
import { endpointOf } from './endpoint.ts'
import type { Grant } from './grant.ts'
import type { Kept } from './kept.ts'
import { logIn } from './log-in.ts'
import { fetchToken } from './oauth.ts'
import { SessionEnded } from './session-ended.ts'

export interface Asking {
  readonly call: Call<Plan>
  readonly operation: OperationPlan
  readonly role: 'read' | 'commit' | 'probe'
  readonly pools: Pools
  readonly kept: Kept
}

export async function ask(asking: Asking): Promise<Invoked> {
  const { call, operation, role } = asking
  // Where the operation itself may not go, nobody logs in.
  if (call.steps.login?.address === undefined) endpointOf(call, operation)
  const first = await enter(asking)
  try {
    return await invoke(invocationOf(asking, first))
  } catch (error) {
    if (!(error instanceof SessionEnded)) throw error
    first.end()
    if (role === 'commit') throw refusedCommit(error, first)
    if (first.isNew) throw error.meaning
  }
  const second = await enter(asking)
  return invoke(invocationOf(asking, second)).catch(error => {
    throw error instanceof SessionEnded ? error.meaning : error
  })
}

/**
 * The one request of this attempt was sent. That it was not applied is only known by the word of the manifest; then another attempt,
 * behind a fence of its own, logs in anew.
 */
function refusedCommit({ meaning, isDeclared }: SessionEnded, { isNew }: Entered): Error {
  if (!isDeclared && !(meaning instanceof NothingSent)) return meaning
  const { targetSaid } = meaning as { readonly targetSaid?: string | undefined }
  return new NothingSent(`The target did not apply it, because the login had ended: ${meaning.message}`, { retryable: !isNew, targetSaid })
}

interface Entered {
  readonly login: Grant | undefined
  readonly bearer: Grant | undefined
  /** Nobody has used it before: another one would be refused as well. */
  readonly isNew: boolean
  end(): void
}

const nobody: Entered = { login: undefined, bearer: undefined, isNew: true, end: () => undefined }

async function enter(asking: Asking): Promise<Entered> {
  const { call, kept, pools } = asking
  const { login: plan, oauth } = call.steps
  if (plan === undefined && oauth === undefined) return nobody
  const make = (name: string, work: () => Promise<Grant>) => () => call.step(name, work)
  const forToken = { call, kind: `oauth ${oauth?.tokenUrl}`, make: make('token', () => fetchToken(call)) }
  const token = oauth === undefined ? undefined : await kept.grant(forToken)
  const bearer = token?.grant
  if (bearer !== undefined) call.conceal(bearer.secrets())
  const forLogin = {
    call,
    kind: `login ${plan?.operation.endpoint ?? call.target.url}`,
    make: make('login', () => (plan === undefined ? Promise.reject(new Error('no login')) : logIn({ call, plan, pools, bearer })))
  }
  const login = plan === undefined ? undefined : await kept.grant(forLogin)
  if (login !== undefined) call.conceal(login.grant.secrets())
  return {
    login: login?.grant,
    bearer,
    isNew: token?.isNew !== false && login?.isNew !== false,
    end: () => {
      if (token !== undefined) kept.end(forToken, token.grant)
      if (login !== undefined) kept.end(forLogin, login.grant)
    }
  }
}

function invocationOf({ call, operation, role, pools }: Asking, { login, bearer }: Entered): Invocation {
  const endpoint = endpointOf(call, operation, login?.address)
  return { call, operation, role, endpoint, pools, access: { login, bearer, jar: login?.jar } }
}
