/** Fills a field and notes it, so that it is read back before what it holds is sent. */
import type { Locator } from 'playwright-core'
import type { Wanted } from '../filled/differences.ts'
import type { GivenFile } from '../filled/given-file.ts'
import type { Place, Stage } from '../plan.ts'
import type { LocatorSource } from '../shape.ts'
import type { Compiler } from './kind.ts'

interface Act {
  readonly values?: readonly string[]
  readonly isTicked?: boolean
  readonly file?: GivenFile
  readonly timeout: number
  act(locator: Locator, timeout: number): Promise<unknown>
}

type Noted = LocatorSource & { readonly verify?: boolean | undefined }

/** As the manifest calls the field. */
export function noted(body: Noted, { locale }: Compiler) {
  const called = [body.label, body.name, body.placeholder].find(text => typeof text === 'string' && !text.includes('{{'))
  return { locale, called: called as string | undefined, isVerified: body.verify !== false }
}

export function noting(kind: Wanted['kind'], body: Noted, compiler: Compiler) {
  const common = { kind, ...noted(body, compiler) }
  return async (stage: Stage, place: Place, { values = [], isTicked = false, file, timeout, act }: Act): Promise<void> => {
    const locator = await place.find(stage)
    const filling = { ...common, values, isTicked, file, text: place.text }
    const { frame, tab } = stage
    await tab.filled.fill(filling, { locator, frame, timeout, isCommitting: tab.committing, act: left => act(locator, left) })
  }
}
