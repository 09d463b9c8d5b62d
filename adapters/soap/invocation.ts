/** One call of one operation. */
import type { Call } from '../../src/index.ts'
import type { Grant } from './access/grant.ts'
import type { Jar } from './access/jar.ts'
import type { OperationPlan, Plan } from './plan.ts'
import type { Pools } from './pools.ts'

export interface Invocation {
  readonly call: Call<Plan>
  readonly operation: OperationPlan
  /** The role decides what the answer means: a probe comes after the commit point, and is a read all the same. */
  readonly role: 'read' | 'commit' | 'probe' | 'login'
  readonly endpoint: URL
  readonly pools: Pools
  readonly access: Access
}

/** The results of the logins before it. */
export interface Access {
  readonly login: Grant | undefined
  readonly bearer: Grant | undefined
  /** Cookies to send, and where those of the answer go. */
  readonly jar: Jar | undefined
}

export const isCommitted = ({ call, role }: Invocation): boolean => role === 'commit' && call.committed
