/** Where a request goes, once it is known that it may go there. */
import { type Call, RetrofitError, whyNotThere } from '../../../src/index.ts'
import { reachError } from '../failures.ts'
import type { OperationPlan } from '../plan.ts'

/** Taken apart once for each operation, as long as the target stays where it is. */
const endpoints = new WeakMap<OperationPlan, { readonly base: string; readonly url: URL }>()

/** `address`: where a login has said that later calls go. */
export function endpointOf(call: Call, operation: OperationPlan, address = call.target.url): URL {
  const before = endpoints.get(operation)
  const url = before?.base === address ? before.url : urlOf(operation, address)
  if (url !== before?.url) endpoints.set(operation, { base: address, url })
  return allowed(call, url)
}

function urlOf({ endpoint = '' }: OperationPlan, address: string): URL {
  if (/^https?:\/\//i.test(address) && URL.canParse(endpoint, address)) return new URL(endpoint === '' ? address : endpoint, address)
  throw new RetrofitError('invalid_output', {
    detail: "The login's answer names an address of later calls that is none (target.login.address). Nothing more was sent.",
    retryable: false
  })
}

/** A login, a key or a token goes with every request of a target that has some: only to where the credentials may go. */
export function allowed({ target, credentialOrigins }: Call, url: URL): URL {
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
