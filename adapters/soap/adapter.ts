/** The `soap` adapter: calls SOAP services as the manifest describes them; no WSDL is needed at run time. */
import { type Adapter, BusinessError, type Call, defineAdapter, isTrue, type Json, type ProbeResult } from '../../src/index.ts'
import { type Asking, ask } from './access/ask.ts'
import { createKept } from './access/kept.ts'
import { compilePlan, type Plan } from './plan.ts'
import { createPools } from './pools.ts'
import { scopeOf } from './scope.ts'
import { templates } from './seen.ts'
import { shape } from './shape.ts'

export function createAdapter(): Adapter<Plan> {
  const pools = createPools()
  const kept = createKept()
  return defineAdapter<Plan>({
    name: 'soap',
    templates,
    shape,
    parse: compilePlan,
    run: call => run(call, { pools, kept }),
    probe: call => probe(call, { pools, kept }),
    stats: () => ({ ...pools.stats() }),
    close: () => pools.close()
  })
}

type Warm = Pick<Asking, 'pools' | 'kept'>

async function run(call: Call<Plan>, warm: Warm): Promise<Json> {
  const { operation, commit, errors } = call.steps
  const { response, keep } = await ask({ ...warm, call, operation, role: commit ? 'commit' : 'read' })
  const conditional = errors.filter(each => each.response !== undefined)
  const scope = { ...scopeOf(call), response }
  for (const { code, response: condition } of conditional)
    if (condition !== undefined && (await isTrue(condition, scope))) throw new BusinessError(code, 'The target said so in its answer.')
  call.answered({ keep })
  return operation.result === undefined ? response : ((await operation.result(scope)) ?? null)
}

async function probe(call: Call<Plan>, warm: Warm): Promise<ProbeResult> {
  const { probe: plan } = call.steps
  if (plan === undefined) return { found: false }
  const { response, keep } = await ask({ ...warm, call, operation: plan.operation, role: 'probe' })
  const scope = { ...scopeOf(call), response }
  if (!(await isTrue(plan.found, scope))) return { found: false, extracted: response }
  call.answered({ keep })
  const output = plan.output === undefined ? response : await plan.output(scope)
  return { found: true, output: output ?? null, extracted: response }
}
