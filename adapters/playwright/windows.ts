/**
 * Nobody can tell whose window it is that opens just now while its first request is held: there is no page for it yet. With one gate
 * open in a login it is that one's. With more it is nobody's; and from then on the gates of that kind open one after the other.
 */
import type { BrowserContext } from 'playwright-core'
import { NothingSent } from '../../src/index.ts'
import { within } from './failure.ts'
import type { CommitRule } from './plan.ts'

/** The rules whose committing request has come from a new window. */
const inWindows = new WeakSet<CommitRule>()

export const usesWindows = (rule: CommitRule): boolean => inWindows.has(rule)

/** The gates of one login that are open. */
export class Gates {
  private readonly rules = new Map<object, CommitRule>()
  private left = Promise.withResolvers<void>()

  async enter(gate: object, { rule, until, signal }: { readonly rule: CommitRule; readonly until: number; readonly signal: AbortSignal }) {
    while (this.rules.size > 0 && [rule, ...this.rules.values()].some(usesWindows))
      await within(this.left.promise, until - Date.now()).catch(() => {
        throw new NothingSent('others of the same login were at their commit point all the time', { retryable: true })
      })
    signal.throwIfAborted()
    this.rules.set(gate, rule)
  }

  leave(gate: object): void {
    if (!this.rules.delete(gate)) return
    this.left.resolve()
    this.left = Promise.withResolvers()
  }

  /** A new window asks for what this gate waits for, which is noted; false when it may be another one's. */
  admits(gate: object): boolean {
    const rule = this.rules.get(gate)
    if (rule !== undefined) inWindows.add(rule)
    return this.rules.size === 1
  }
}

const known = new WeakMap<BrowserContext, Gates>()

export function gatesOf(context: BrowserContext): Gates {
  const gates = known.get(context) ?? new Gates()
  known.set(context, gates)
  return gates
}
