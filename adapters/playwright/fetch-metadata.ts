/**
 * Headers that Chromium adds to a request only as it leaves, and that servers go by: whether their own page asked (W3C Fetch Metadata Request Headers).
 * Said only where it is certain: of a request to the origin that asks.
 */
import type { Request } from 'playwright-core'
import { isSafeAddress } from '../../src/index.ts'

export function fetchMetadata(request: Request): Readonly<Record<string, string>> {
  const url = new URL(request.url())
  const { origin, referer } = request.headers()
  const from = origin ?? referer ?? ''
  // Others get no such headers (W3C Secure Contexts, section 3.1).
  if (!isSafeAddress(url.href) || !URL.canParse(from) || new URL(from).origin !== url.origin) return {}
  return { 'sec-fetch-site': 'same-origin', ...(request.isNavigationRequest() ? opening(request) : asking(request)) }
}

function opening(request: Request): Readonly<Record<string, string>> {
  const dest = isInFrame(request) ? 'iframe' : 'document'
  return { 'sec-fetch-mode': 'navigate', 'sec-fetch-user': '?1', 'sec-fetch-dest': dest }
}

const asking = (request: Request): Readonly<Record<string, string>> => ({
  'sec-fetch-mode': request.resourceType() === 'ping' ? 'no-cors' : 'cors',
  'sec-fetch-dest': 'empty'
})

/** A window that is just opening has no page yet, and is no frame. */
function isInFrame(request: Request): boolean {
  try {
    return request.frame().parentFrame() !== null
  } catch {
    return false
  }
}
