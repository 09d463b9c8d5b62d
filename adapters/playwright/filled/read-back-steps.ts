/** When fields are read back beside the steps of a manifest; the commit gate does so by itself. */
import type { Stage, Step } from '../plan.ts'

/** They may send what was filled in. */
const sends: ReadonlySet<string> = new Set(['click', 'dblclick', 'press', 'download'])
/** They look at what a field that sends by itself has brought. */
const looks: ReadonlySet<string> = new Set(['extract'])

/** After the commit point it is too late to say that nothing was sent. */
export async function readBackBefore({ kind, commit, types }: Step, { tab, call }: Stage): Promise<void> {
  // In the middle of what is typed nothing is as it shall be yet.
  if (call.committed || types === true) return
  await tab.filled.checkSent(call.redact)
  if (kind === 'goto') tab.filled.leave()
  if (commit === undefined && (sends.has(kind) || looks.has(kind))) await tab.filled.check(call.redact, sends.has(kind))
}

export async function readBackAfter({ kind, commit, types }: Step, { tab, call }: Stage): Promise<void> {
  if (call.committed || commit !== undefined) return
  await tab.filled.checkSent(call.redact)
  if (sends.has(kind) && types !== true && !tab.changed) await tab.filled.settle()
}

/** A document that was asked for last may have been asked for with something else. */
export async function readBackAtEnd({ tab, call }: Stage): Promise<void> {
  if (!call.committed) await tab.filled.checkSent(call.redact)
}
