/**
 * Whether the requests of a login's pages can be held. Turning that off is not safe while one of them may ask for something: Chromium
 * (156) forgets a request for good that begins just then, and its page waits for ever. So it is turned on by the first gate and stays on
 * from then, whatever gates come and go, until no run has been at work there for a while. It costs: a round trip for each request, and
 * the cache.
 */
import type { BrowserContext } from 'playwright-core'
import { within } from './failure.ts'

/** Matches nothing, so Playwright lets every request go on by itself; but as long as it is there, every one is held for that. */
const noRequest = /(?!)/
const ignore = () => undefined
const patienceMs = 5_000

export class Interception {
  private readonly context: BrowserContext
  private held: Promise<void> | undefined

  constructor(context: BrowserContext) {
    this.context = context
  }

  get isOn(): boolean {
    return this.held !== undefined
  }

  /** A page that is just closing makes it fail for those behind it, which have gates of their own; what opens later is held. */
  turnOn(): Promise<void> {
    this.held ??= this.context.route(noRequest, ignore).then(ignore, ignore)
    return this.held
  }

  /** Only while no page asks for anything. Rejects when one of them does not answer. */
  async turnOff(): Promise<void> {
    this.held = undefined
    await within(this.context.unroute(noRequest, ignore), patienceMs)
  }
}

const known = new WeakMap<BrowserContext, Interception>()

export function interceptionOf(context: BrowserContext): Interception {
  const interception = known.get(context) ?? new Interception(context)
  known.set(context, interception)
  return interception
}
