/** Calls the login of a target, and takes from its answer what later calls need. */
import { asText, type Call, RetrofitError } from '../../../src/index.ts'
import { invoke } from '../invoke.ts'
import type { Plan } from '../plan.ts'
import type { Pools } from '../pools.ts'
import { scopeOf } from '../scope.ts'
import type { LoginPlan } from './compile-login.ts'
import { endpointOf } from './endpoint.ts'
import type { Grant } from './grant.ts'
import { createJar } from './jar.ts'

interface LoggingIn {
  readonly call: Call<Plan>
  readonly plan: LoginPlan
  readonly pools: Pools
  readonly bearer: Grant | undefined
}

export async function logIn({ call, plan, pools, bearer }: LoggingIn): Promise<Grant> {
  const jar = plan.cookies ? createJar() : undefined
  const { operation } = plan
  const own: Call<Plan> = { ...call, input: {}, session: {}, committed: false }
  const endpoint = endpointOf(call, operation)
  const { response } = await invoke({ call: own, operation, role: 'login', endpoint, pools, access: { login: undefined, bearer, jar } })
  const scope = { ...scopeOf(own), response }
  const values: Record<string, string> = {}
  for (const [name, template] of plan.keep) values[name] = said(asText(await template(scope)), name)
  const address = plan.address === undefined ? undefined : said(asText(await plan.address(scope)), 'address')
  if (plan.keep.length === 0 && jar?.headerFor(endpoint) === undefined) throw gaveNothing('no cookie')
  return { values, secrets: secretsOf(plan, { values, jar }), address, jar, until: untilOf(plan.lastsMs) }
}

const untilOf = (lastsMs: number | undefined): number => (lastsMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + lastsMs)

function said(text: string, name: string): string {
  if (text.trim() !== '') return text
  throw gaveNothing(`an empty ${name}`)
}

const gaveNothing = (what: string): RetrofitError =>
  new RetrofitError('invalid_output', {
    detail: `The login was answered, and its answer gives ${what} (target.login). Nothing more was sent.`,
    retryable: false
  })

/** The same list as long as no cookie has changed: what is looked for is prepared once. */
function secretsOf({ open }: LoginPlan, { values, jar }: Pick<Grant, 'values' | 'jar'>): () => readonly string[] {
  const kept = Object.entries(values).flatMap(([name, value]) => (open.has(name) ? [] : [value]))
  let [of, all] = [jar?.secrets(), [...kept, ...(jar?.secrets() ?? [])]]
  return () => {
    const now = jar?.secrets()
    if (now !== of) [of, all] = [now, [...kept, ...(now ?? [])]]
    return all
  }
}
