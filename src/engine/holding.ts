/** A run while a worker holds its lease: every change goes through the fence, one after the other. */

import { FenceLost } from '../core/errors.ts'
import { type LongTimer, longTimer } from '../core/long-timer.ts'
import { clearCommit, hasEnded, type Lease, renew } from '../core/run.ts'
import type { Run } from '../core/types.ts'
import { sayCameBack } from './came-back.ts'
import { holdHere } from './held-here.ts'
import type { Parts } from './parts.ts'

export type StopReason = 'cancelled' | 'deadline' | 'shutdown' | 'fence_lost'

/** Why the signal of an attempt aborted. */
export class Stopped extends Error {
  readonly reason: StopReason
  constructor(reason: StopReason) {
    super(`stopped: ${reason}`)
    this.name = 'Stopped'
    this.reason = reason
  }
}

export class Holding {
  /** The run had crossed its commit point before it was claimed: nothing that this attempt sees can say that there is no effect. */
  readonly crossedBefore: boolean
  private readonly parts: Parts
  private readonly abort = new AbortController()
  private readonly heartbeat: NodeJS.Timeout
  private readonly deadline: LongTimer
  private readonly off: () => void
  private readonly worker: string
  private readonly letGo: () => void
  private isLost = false
  private last: Run
  private tail: Promise<unknown> = Promise.resolve()

  constructor(parts: Parts, run: Run, { limitMs, shutdown }: { readonly limitMs: number; readonly shutdown: AbortSignal }) {
    this.parts = parts
    this.last = run
    this.crossedBefore = run.effect !== 'none'
    this.worker = run.lease?.worker ?? parts.settings.worker
    this.letGo = holdHere(parts.store, this.worker)
    this.heartbeat = setInterval(() => this.beat(), parts.settings.leaseMs / 3)
    this.deadline = longTimer(() => this.stop('deadline'), limitMs)
    const off = parts.hub.on(run.id, event => event.type === 'status' && this.refresh(event.revision))
    const stop = () => this.stop('shutdown')
    shutdown.addEventListener('abort', stop)
    this.off = () => {
      off()
      shutdown.removeEventListener('abort', stop)
    }
    if (shutdown.aborted) stop()
  }

  get run(): Run {
    return this.last
  }

  get signal(): AbortSignal {
    return this.abort.signal
  }

  get stopReason(): StopReason | undefined {
    const reason = this.signal.aborted ? this.signal.reason : undefined
    return reason instanceof Stopped ? reason.reason : undefined
  }

  lease(): Lease {
    const { settings, store } = this.parts
    return { worker: this.worker, now: store.now(), leaseMs: settings.leaseMs }
  }

  /** Writes the next state. Throws FenceLost when the run is not this worker's any more; what others noted meanwhile (a cancel request) is kept. */
  advance(change: (run: Run, now: number) => Run): Promise<Run> {
    const turn = this.tail.then(() => this.write(change))
    this.tail = turn.catch(() => undefined)
    return turn
  }

  /** Like `advance`, from a state without an effect: a crossing that the ledger noted and that let nothing through is taken back first. */
  async advanceUncrossed(change: (run: Run, now: number) => Run): Promise<Run> {
    for (;;) {
      let cleared = false
      const written = await this.advance((run, now) => {
        cleared = run.effect !== 'none'
        return cleared ? clearCommit(run, now) : change(run, now)
      })
      if (!cleared) return written
    }
  }

  stop(reason: StopReason): void {
    this.abort.abort(new Stopped(reason))
  }

  /** Somebody else has the run. */
  private lose(): void {
    if (!this.isLost) void sayCameBack(this.parts, this.last.id, this.worker)
    this.isLost = true
    this.stop('fence_lost')
  }

  /** Ends the heartbeat. The lease itself ends with the last `advance`. */
  release(): void {
    clearInterval(this.heartbeat)
    this.deadline.clear()
    this.letGo()
    this.off()
  }

  private async write(change: (run: Run, now: number) => Run): Promise<Run> {
    for (;;) {
      // Ended, handed back or settled by this holding itself: a heartbeat or a late step that waited its turn must not revive it.
      if (this.last.lease === undefined) throw new FenceLost(this.last.id)
      const next = change(this.last, this.parts.store.now())
      if (await this.stored(next)) {
        this.last = next
        return next
      }
      const fresh = await this.parts.store.getRun(next.id)
      if (fresh === undefined || !this.isMine(fresh)) {
        this.lose()
        throw new FenceLost(next.id)
      }
      this.seen(fresh)
    }
  }

  /** An answer that did not come is asked for again with the very same write: stores take it twice. */
  private async stored(next: Run): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.parts.store.updateRun(next)
      } catch (error) {
        if (tries >= 5 || (this.last.lease?.until ?? 0) <= this.parts.store.now()) throw error
        await new Promise(resolve => setTimeout(resolve, 100 * tries))
      }
    }
  }

  private isMine(fresh: Run): boolean {
    return !(hasEnded(fresh) && !hasEnded(this.last)) && fresh.lease?.worker === this.worker
  }

  private seen(fresh: Run): void {
    this.last = fresh
    if (fresh.cancelRequested && fresh.effect === 'none') this.stop('cancelled')
  }

  private beat(): void {
    this.advance(run => renew(run, this.lease())).catch(error => {
      if (!(error instanceof FenceLost)) this.parts.telemetry.log.warn({ runId: this.last.id, err: error }, 'could not renew the lease')
    })
  }

  /** Somebody wrote. Was it not us (our own writes come first in the queue), look. */
  private refresh(revision: number): void {
    if (revision <= this.last.revision) return
    const turn = this.tail.then(async () => {
      if (revision <= this.last.revision) return
      const fresh = await this.parts.store.getRun(this.last.id)
      if (fresh === undefined || fresh.revision <= this.last.revision) return
      if (this.isMine(fresh)) this.seen(fresh)
      else this.lose()
    })
    this.tail = turn.catch(() => undefined)
  }
}
