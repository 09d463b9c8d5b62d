/** Places on a target: never more than its `concurrency` at once, over all workers. */
import { randomText } from '../core/ids.ts'
import type { Store } from '../core/ports.ts'
import type { Parts } from './parts.ts'

export interface Place {
  release(): Promise<void>
}

type Owner = Pick<Parts, 'store' | 'settings'>

interface Held {
  readonly holder: string
  /** Until then it is handed on. */
  readonly until: number
  readonly heartbeat: NodeJS.Timeout
  /** The ledger has given it to somebody else: its holder was silent for too long. */
  lost: boolean
}

interface Waiter {
  readonly limit: number
  /** When it must not wait longer, by the ledger's clock. */
  readonly until: number
  readonly shutdown: AbortSignal
  /** Goes before those that are not. */
  readonly priority?: 'high' | undefined
  resolve(held: Held | undefined): void
  reject(error: unknown): void
}

type Wanted = Pick<Waiter, 'limit' | 'until' | 'shutdown' | 'priority'>

/** Between two questions to the ledger: of a process that has no place, and of one whose places come free by themselves. */
const [hungryPollMs, pollMs] = [10, 50]
/** A place stays with this process for this long while runs of its own wait; then the other workers get their turn. Not all at the same time. */
const handOverMs = () => 500 + Math.random() * 1_000

/** The places that one process holds on one target. A run that has to wait here waits in one line, for which only the first asks the ledger. */
export class Places {
  private readonly parts: Owner
  private readonly name: string
  private readonly waiting: Waiter[] = []
  private polling = false
  private asking = 0
  /** That this process has. */
  private count = 0

  constructor(parts: Owner, name: string) {
    this.parts = parts
    this.name = name
  }

  /** Undefined when it has waited for as long as it may. Rejects when the worker stops, or the ledger does not answer. */
  async take({ limit, until, shutdown, priority }: Wanted): Promise<Place | undefined> {
    const free = this.waiting.length === 0 && this.asking < limit ? await this.ask(limit) : undefined
    const held = free ?? (await this.inTurn({ limit, until, shutdown, priority }))
    return held && { release: () => this.release(held) }
  }

  private ask(limit: number): Promise<Held | undefined> {
    this.asking++
    return this.acquire(limit).finally(() => this.asking--)
  }

  private inTurn(waiter: Wanted): Promise<Held | undefined> {
    return new Promise((resolve, reject) => {
      const others = waiter.priority === 'high' ? this.waiting.findIndex(({ priority }) => priority !== 'high') : -1
      this.waiting.splice(others < 0 ? this.waiting.length : others, 0, { ...waiter, resolve, reject })
      if (!this.polling) void this.poll()
    })
  }

  private async poll(): Promise<void> {
    this.polling = true
    for (let first = this.first(); first !== undefined; first = this.first()) {
      const answer = await this.acquire(first.limit).then(
        held => ({ held }),
        error => ({ error })
      )
      if ('error' in answer) this.leave(first)?.reject(answer.error)
      else if (answer.held === undefined) await new Promise(resolve => setTimeout(resolve, this.count > 0 ? pollMs : hungryPollMs))
      else await this.give(answer.held)
    }
    this.polling = false
  }

  /** Those who may still wait. */
  private first(): Waiter | undefined {
    const now = this.parts.store.now()
    for (const waiter of [...this.waiting]) {
      if (waiter.shutdown.aborted) this.leave(waiter)?.reject(new Error('shutting down: the delivery goes back'))
      else if (now >= waiter.until) this.leave(waiter)?.resolve(undefined)
    }
    return this.waiting[0]
  }

  private leave(waiter: Waiter): Waiter | undefined {
    const index = this.waiting.indexOf(waiter)
    return index < 0 ? undefined : this.waiting.splice(index, 1)[0]
  }

  private async acquire(limit: number): Promise<Held | undefined> {
    const { store, settings } = this.parts
    const holder = `${settings.worker}/${randomText(8)}`
    const renewal = () => store.acquireSlot({ name: this.name, holder, limit, untilMs: store.now() + settings.leaseMs })
    if (!(await renewal())) return undefined
    const renew = () =>
      renewal().then(
        is => {
          held.lost ||= !is
        },
        () => undefined
      )
    const held: Held = { holder, until: store.now() + handOverMs(), heartbeat: setInterval(renew, settings.leaseMs / 3), lost: false }
    this.count++
    return held
  }

  private async release(held: Held): Promise<void> {
    if (!held.lost && this.parts.store.now() < held.until) return this.give(held)
    await this.giveBack(held)
  }

  /** To the first that waits here. */
  private async give(held: Held): Promise<void> {
    const first = this.first()
    if (first === undefined) return this.giveBack(held)
    this.leave(first)?.resolve(held)
  }

  private async giveBack({ holder, heartbeat }: Held): Promise<void> {
    clearInterval(heartbeat)
    this.count--
    await this.parts.store.releaseSlot({ name: this.name, holder }).catch(() => undefined)
  }
}

const ofStore = new WeakMap<Store, Map<string, Places>>()

export function placesOf(parts: Owner, name: string): Places {
  const all = ofStore.get(parts.store) ?? new Map<string, Places>()
  ofStore.set(parts.store, all)
  const places = all.get(name) ?? new Places(parts, name)
  all.set(name, places)
  return places
}
