/** The messages of one bot that the queue did not take: told in its order as soon as the queue takes something again. */
import type { Queue } from '../core/ports.ts'
import type { Parts } from './parts.ts'

/** The parts of a run that its message needs. */
export interface Word {
  readonly runId: string
  readonly bot: string
  readonly action: string
  readonly traceparent: string
  readonly priority?: 'high' | undefined
}

/** Between two tries with the first that waits; each try may take its own time. */
const [firstPauseMs, longestPauseMs] = [250, 1_000]
/** At once, when the queue is back. */
const together = 200
/** Beyond that the sweep alone goes on. */
const mostWaiting = 100_000

export class Backlog {
  private readonly parts: Parts
  private readonly waiting = new Map<string, Word>()
  private going = false

  constructor(parts: Parts) {
    this.parts = parts
  }

  /** While others wait, its turn comes after theirs. Nobody waits for this: a lost message is the sweep's business. */
  publish(word: Word): void {
    if (this.waiting.size > 0) this.keep(word)
    else
      this.send(word).catch(error => {
        this.parts.telemetry.log.warn({ runId: word.runId, bot: word.bot, err: error }, 'publishing failed; it is tried again')
        this.keep(word)
      })
  }

  /** The queue takes nothing just now. */
  get isWaiting(): boolean {
    return this.waiting.size > 0
  }

  private keep(word: Word): void {
    if (this.waiting.size < mostWaiting) this.waiting.set(word.runId, word)
    if (this.going) return
    this.going = true
    void this.goOn()
  }

  private async goOn(): Promise<void> {
    for (let pauseMs = firstPauseMs; this.waiting.size > 0; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      await pause(pauseMs * (0.75 + Math.random() / 2))
      while (this.waiting.size > 0 && (await this.sendSome()));
    }
    this.going = false
  }

  /** One alone shows whether the queue takes any; then many. False when it does not. */
  private async sendSome(): Promise<boolean> {
    const [first, ...rest] = [...this.waiting.values()].slice(0, together) as [Word, ...Word[]]
    if (!(await this.sent(first))) return false
    const all = await Promise.all(rest.map(word => this.sent(word)))
    return all.every(Boolean)
  }

  private async sent(word: Word): Promise<boolean> {
    try {
      await this.send(word)
      this.waiting.delete(word.runId)
      return true
    } catch {
      return false
    }
  }

  private async send({ runId, bot, action, traceparent, priority }: Word): Promise<void> {
    const { queue, store, telemetry } = this.parts
    const span = telemetry.startSpan(`publish ${action}`, {
      parent: traceparent,
      kind: 'producer',
      attributes: { 'retrofit.run_id': runId }
    })
    try {
      await queue.publish({ runId, bot, traceparent: span.traceparent, publishedAt: store.now(), priority })
    } catch (error) {
      span.fail(error)
      throw error
    } finally {
      span.end()
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise(resolve => void setTimeout(resolve, ms).unref())

const ofQueue = new WeakMap<Queue, Map<string, Backlog>>()

/** One for each bot of a queue: what keeps one bot's messages back need not keep those of another. */
export function backlogOf(parts: Parts, bot: string): Backlog {
  const all = ofQueue.get(parts.queue) ?? new Map<string, Backlog>()
  ofQueue.set(parts.queue, all)
  const backlog = all.get(bot) ?? new Backlog(parts)
  all.set(bot, backlog)
  return backlog
}
