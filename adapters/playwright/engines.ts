/** Makes our selector engines known to Playwright, once in a process and before the first browser. */
import type { Selectors } from 'playwright-core'
import { labelEngine } from './label-engine.ts'
import { rowEngine } from './row-engine.ts'

const known = new WeakMap<Selectors, Promise<void>>()

export function registerEngines(selectors: Selectors): Promise<void> {
  const made = known.get(selectors) ?? register(selectors)
  known.set(selectors, made)
  return made
}

/** Where no script of the page can get at them. */
const options = { contentScript: true }

async function register(selectors: Selectors): Promise<void> {
  await selectors.register('retrofit-row', rowEngine, options)
  await selectors.register('retrofit-label', labelEngine, options)
}
