/** wsu:Timestamp of an answer (WS-Security 1.1, section 10): an old answer that is sent again is no answer. */
import { durationMs, textContent, type XmlElement } from '../../../src/index.ts'
import { childrenOf } from '../parse-xml.ts'
import type { VerifyKeys } from './shape.ts'
import { Untrusted } from './untrusted.ts'
import { wsu } from './uris.ts'

/** Throws Untrusted. */
export function checkFresh(timestamp: XmlElement, { skew, maxAge }: VerifyKeys, now: number): void {
  const created = timeOf(timestamp, 'Created')
  const expires = timeOf(timestamp, 'Expires')
  const tolerated = durationMs(skew)
  if (created === undefined) throw new Untrusted('its Timestamp does not say when it was made')
  if (created > now + tolerated) throw new Untrusted('its Timestamp is of the future')
  if (expires !== undefined && expires < now - tolerated) throw new Untrusted('its Timestamp has expired')
  if (created < now - tolerated - durationMs(maxAge)) throw new Untrusted(`it is older than ${maxAge}`)
}

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)$/

function timeOf(timestamp: XmlElement, local: string): number | undefined {
  const found = childrenOf(timestamp).filter(each => each.uri === wsu && each.local === local)
  const [element] = found
  if (element === undefined) return undefined
  const text = textContent(element).trim()
  const time = dateTime.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time) || found.length > 1) throw new Untrusted(`its Timestamp has no valid ${local}`)
  return time
}
