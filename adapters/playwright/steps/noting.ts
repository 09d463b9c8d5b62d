/** Fills a field and notes it, so that it is read back before what it holds is sent. */
import type { Locator } from 'playwright-core'
import type { Wanted } from '../filled/differences.ts'
import type { Place, Stage } from '../plan.ts'
import type { LocatorSource } from '../shape.ts'
import type { Compiler } from './kind.ts'

interface Act {
  readonly values?: readonly string[]
  readonly isTicked?: boolean
  readonly timeout: number
  act(locator: Locator, timeout: number): Promise<unknown>
}

export function noting(kind: Wanted['kind'], body: LocatorSource & { readonly verify?: boolean | undefined }, { locale }: Compiler) {
  const called = [body.label, body.name, body.placeholder].find(text => typeof text === 'string' && !text.includes('{{'))
  const common = { kind, locale, called: called as string | undefined, isVerified: body.verify !== false }
  return async (stage: Stage, place: Place, { values = [], isTicked = false, timeout, act }: Act): Promise<void> => {
    const locator = await place.find(stage)
    const filling = { ...common, values, isTicked, text: place.text }
    const { frame, tab } = stage
    await tab.filled.fill(filling, { locator, frame, timeout, isCommitting: tab.committing, act: left => act(locator, left) })
  }
}
