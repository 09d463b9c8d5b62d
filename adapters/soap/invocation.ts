/** One call of one operation. */
import type { Call } from '../../src/index.ts'
import type { OperationPlan, Plan } from './plan.ts'
import type { Pools } from './pools.ts'

export interface Invocation {
  readonly call: Call<Plan>
  readonly operation: OperationPlan
  /** What the answer decides: a probe comes after the commit point, and is a read all the same. */
  readonly role: 'read' | 'commit' | 'probe'
  readonly endpoint: URL
  readonly pools: Pools
}

export const isCommitted = ({ call, role }: Invocation): boolean => role === 'commit' && call.committed
