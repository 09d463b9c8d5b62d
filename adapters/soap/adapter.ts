/** The `soap` adapter: calls SOAP services as the manifest describes them; no WSDL is needed at run time. */
import {
  type Adapter,
  BusinessError,
  type Call,
  defineAdapter,
  isTrue,
  type Json,
  type ProbeResult,
  RetrofitError,
  whyNotThere
} from '../../src/index.ts'
import { reachError } from './failures.ts'
import { invoke } from './invoke.ts'
import { compilePlan, type OperationPlan, type Plan } from './plan.ts'
import { createPools, type Pools } from './pools.ts'
import { scopeOf } from './scope.ts'
import { templates } from './seen.ts'
import { shape } from './shape.ts'

export function createAdapter(): Adapter<Plan> {
  const pools = createPools()
  return defineAdapter<Plan>({
    name: 'soap',
    templates,
    shape,
    parse: compilePlan,
    run: call => run(call, pools),
    probe: call => probe(call, pools),
    stats: () => ({ ...pools.stats() }),
    close: () => pools.close()
  })
}

async function run(call: Call<Plan>, pools: Pools): Promise<Json> {
  const { operation, commit, errors } = call.steps
  const { response, keep } = await invoke({
    call,
    operation,
    role: commit ? 'commit' : 'read',
    endpoint: endpointOf(call, operation),
    pools
  })
  const conditional = errors.filter(each => each.response !== undefined)
  const scope = { ...scopeOf(call), response }
  for (const { code, response: condition } of conditional)
    if (condition !== undefined && (await isTrue(condition, scope))) throw new BusinessError(code, 'The target said so in its answer.')
  call.answered({ keep })
  return operation.result === undefined ? response : ((await operation.result(scope)) ?? null)
}

async function probe(call: Call<Plan>, pools: Pools): Promise<ProbeResult> {
  const { probe: plan } = call.steps
  if (plan === undefined) return { found: false }
  const { response, keep } = await invoke({
    call,
    operation: plan.operation,
    role: 'probe',
    endpoint: endpointOf(call, plan.operation),
    pools
  })
  const scope = { ...scopeOf(call), response }
  if (!(await isTrue(plan.found, scope))) return { found: false, extracted: response }
  call.answered({ keep })
  const output = plan.output === undefined ? response : await plan.output(scope)
  return { found: true, output: output ?? null, extracted: response }
}

/** Taken apart once for each operation, as long as the target stays where it is. */
const endpoints = new WeakMap<OperationPlan, { readonly base: string; readonly url: URL }>()

/** A login, a key or a token goes with every request of a target that has some: only to where the credentials may go. */
function endpointOf({ target, credentialOrigins }: Call, operation: OperationPlan): URL {
  const before = endpoints.get(operation)
  const url = before?.base === target.url ? before.url : new URL(operation.endpoint ?? target.url, target.url)
  if (url !== before?.url) endpoints.set(operation, { base: target.url, url })
  if (target.credentials !== undefined && !credentialOrigins.includes(url.origin))
    throw new RetrofitError('credential_refused', {
      detail: `${url.origin} is not among the origins that the credentials may go to. Nothing was sent.`
    })
  const why = whyNotThere({ origin: url.origin, reach: target.reach })
  if (why !== undefined) throw reachError({ message: why })
  if (target.egress.includes(url.origin)) return url
  const detail = `${url.origin} is not among the origins that this bot may reach (target.egress).`
  throw new RetrofitError('target_failed', { detail, retryable: false })
}
