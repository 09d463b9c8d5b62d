/**
 * Everything that leaves a page past its gate: a message through a WebSocket, what a link with `download` asks for, and a request that the manifest
 * does not name and that may change something as well. Where the committing request does not come, nobody can tell whether that was it.
 */
import type { Request } from 'playwright-core'
import { RetrofitError } from '../../src/index.ts'
import { within } from './failure.ts'
import type { CommitRule, Stage } from './plan.ts'
import { isSignedOff } from './signed-off.ts'
import { pathOf, type Unheld } from './tab.ts'

/** An author who names the request has said that it is no message; a file may be the request that is named. */
export const mayBeEffect = ({ matches }: CommitRule, { url }: Unheld): boolean =>
  matches === undefined || (url !== undefined && matches('GET', url))

/** Requests in passing that want no answer, as beacons: usage, errors. */
const isReport = (request: Request): boolean => /^(ping|cspviolationreport)$/.test(request.resourceType())

/** By its method (RFC 9110, section 9.2.1). */
const isSafe = (request: Request): boolean => /^(GET|HEAD|OPTIONS)$/.test(request.method())

/** Where nothing names the committing request, such a one is it. */
export const asksForChange = (request: Request): boolean => !isSafe(request) && !isReport(request)

export const nameOf = (request: Request): string => `${request.method()} ${pathOf(request.url())}`

/** A request to the target itself that may change something and is not the one that is waited for. A report is none where another one is named. */
export function unnamed({ matches }: CommitRule, request: Request, targetUrl: string): Unheld | undefined {
  if (isSafe(request) || (matches !== undefined && isReport(request))) return undefined
  return new URL(request.url()).origin === new URL(targetUrl).origin ? { what: nameOf(request) } : undefined
}

/** One has left, another one was stopped: which of them has the effect? */
export const ambiguous = ({ call }: Stage, rival: string): RetrofitError =>
  new RetrofitError('target_failed', {
    detail: `two requests came at once, and ${call.redact(rival)} was stopped: name the one that has the effect in commit.request`,
    effect: 'unknown'
  })

/** Marks the run, as the effect may be there; undefined where nothing left, or where the target shows that the session was over. */
export async function outcomeUnknown(stage: Stage, unheld: Unheld | undefined): Promise<RetrofitError | undefined> {
  if (unheld === undefined || (await within(isSignedOff(stage), 2_000).catch(() => false))) return undefined
  const what = stage.call.redact(unheld.what)
  await stage.call.commit(what)
  return new RetrofitError('target_failed', {
    detail: `${what} left the page, and the committing request did not: name the one that has the effect in commit.request, or write via: any`,
    effect: 'unknown'
  })
}
