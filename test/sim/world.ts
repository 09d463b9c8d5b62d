/** One small world: what its seed planned, what is in it, what went wrong in it. */
import type { RunEvent } from '../../src/core/run-event.ts'
import type { createEngine } from '../../src/engine/create-engine.ts'
import type { Parts } from '../../src/engine/parts.ts'
import type { Worker } from '../../src/worker/worker.ts'
import { Ledger } from './ledger.ts'
import { Line } from './line.ts'
import { type Plan, type ProcessFault, planOf } from './plan.ts'
import { Random } from './random.ts'
import { type Owner, Scheduler } from './scheduler.ts'
import { Target } from './target.ts'

/** A gateway, a worker, or both. */
export interface SimProcess extends Owner {
  readonly index: number
  readonly gateway: boolean
  readonly worker: boolean
  /** How far its idea of the ledger's clock is off. In milliseconds. */
  readonly ledgerSkewMs: number
  readonly faults: ProcessFault[]
  readonly watchers: Set<(event: RunEvent) => void>
  /** What its connections notice when it is gone. */
  readonly watchersOfDeath: (() => void)[]
  calls: number
  stopping: boolean
  parts?: Parts
  engine?: ReturnType<typeof createEngine>
  running?: Worker
  stopSweeping?: () => Promise<void>
}

export interface Violation {
  readonly invariant: string
  readonly detail: string
}

export class World {
  readonly seed: number
  readonly random: Random
  readonly plan: Plan
  readonly scheduler = new Scheduler()
  readonly ledger: Ledger
  readonly line: Line
  readonly target: Target
  readonly processes: SimProcess[] = []
  readonly violations: Violation[] = []
  readonly counts: Record<string, number> = {}
  /** From the drain on nothing goes wrong any more. */
  calm = false
  /** Attempts that are under way at the target. */
  atOnce = 0
  /** What the plan has for the commit point has happened. */
  struck = false
  /** Runs whose worker died, stood still or stopped after their commit point. */
  readonly struckRuns = new Set<string>()
  readonly trace: ((line: string) => void) | undefined
  private readonly names = new Map<string, string>()

  constructor(seed: number, change: (plan: Plan) => Plan, trace?: (line: string) => void) {
    this.seed = seed
    this.random = new Random(seed)
    this.plan = change(planOf(this.random))
    this.trace = trace
    this.ledger = new Ledger(this)
    this.line = new Line(this)
    this.target = new Target(this)
  }

  /** Goes wrong with this probability, while things may. */
  mishap(probability: number): boolean {
    return !this.calm && this.random.chance(probability)
  }

  count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1
  }

  violated(invariant: string, detail: string): void {
    this.violations.push({ invariant, detail })
    this.trace?.(`!!! ${invariant}: ${detail}`)
  }

  say(text: () => string): void {
    if (this.trace === undefined) return
    const { now, current } = this.scheduler
    this.trace(`${now.toFixed(2).padStart(10)} ${(current?.name ?? 'world').padEnd(6)} ${text()}`)
  }

  /** Run ids and references are long and new each time: r1, r2, … */
  nick(id: string): string {
    const known = this.names.get(id)
    if (known !== undefined) return known
    const name = `r${this.names.size + 1}`
    this.names.set(id, name)
    return name
  }
}
