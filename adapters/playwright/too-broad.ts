/** Locators of steps that act and that name a kind of element of which nearly every page has several. */
import type { Path } from './locator.ts'

interface Broad {
  readonly kind: string
  readonly body: unknown
  readonly path: Path
  readonly warn: ((path: Path, message: string) => void) | undefined
}

const acts: ReadonlySet<string> = new Set(['fill', 'click', 'dblclick', 'hover', 'select', 'check', 'upload', 'download'])
const common = '(?:\\*|div|span|p|a|td|th|tr|li|input|button|label|option|img)'
const ways: Readonly<Record<string, RegExp>> = {
  css: new RegExp(`^\\s*${common}\\s*$`, 'i'),
  xpath: new RegExp(`^\\s*(?:xpath=)?//${common}\\s*$`, 'i')
}

export function checkBreadth({ kind, body, path, warn }: Broad): void {
  if (!acts.has(kind) || typeof body !== 'object' || body === null || 'nth' in body) return
  for (const [way, broad] of Object.entries(ways)) {
    const text = (body as Readonly<Record<string, unknown>>)[way]
    if (typeof text === 'string' && broad.test(text))
      warn?.(
        [...path, way],
        `${JSON.stringify(text)} fits every such element, and several fail the step: add what tells it from the others, or nth`
      )
  }
}
