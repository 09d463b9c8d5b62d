/** One attempt that somebody looks on: what each step did, and whether it may cross the commit point. */
import type { Adapter, Call, ProbeResult } from '../core/adapter.ts'
import { RetrofitError } from '../core/errors.ts'
import type { Onlooker, Shot } from '../core/onlooker.ts'
import type { TryFolder } from './try-folder.ts'
import type { Keyboard } from './try-keyboard.ts'

export interface TriedStep {
  readonly number: number
  readonly name: string
  readonly ms: number
  /** `stopped`: it would have had the effect. */
  readonly state: 'ok' | 'failed' | 'stopped'
  /** Why it failed, without anything secret. */
  readonly error?: string | undefined
  readonly files: readonly string[]
  /** How many steps it stands in. */
  readonly depth: number
}

export interface TrialOptions {
  readonly stepMs: number
  readonly isDry: boolean
  /** Enter begins each step. */
  readonly stepwise: boolean
  /** Enter ends the attempt. */
  readonly keepOpen: boolean
  readonly folder: TryFolder
  readonly keyboard: Keyboard
  tell(step: TriedStep): void
}

export class Trial {
  readonly steps: TriedStep[] = []
  /** The request that was, or would have been, sent; masked. */
  sent: string | undefined
  crossed = false
  /** Set when the attempt ended before its commit point because it is a dry one. */
  stopped: Error | undefined
  /** The sight of a probe after a dry attempt, when there is one. */
  probed: { readonly found: boolean } | { readonly problem: string } | undefined
  private readonly options: TrialOptions
  private looking: Promise<ProbeResult> | undefined
  private count = 0
  private held = false

  constructor(options: TrialOptions) {
    this.options = options
  }

  /** The adapter, with this trial as the onlooker of its calls. */
  watch(adapter: Adapter): Adapter {
    const { probe } = adapter
    const watched = { ...adapter, run: (call: Call) => this.run(adapter, call) }
    return probe === undefined ? watched : { ...watched, probe: call => this.look(() => probe(this.seenBy(adapter, call, 'probe: '))) }
  }

  /** The engine looks by itself after a first commit, beside the look that is asked for: one is enough for both. */
  private look(probe: () => Promise<ProbeResult>): Promise<ProbeResult> {
    const looking = this.looking ?? probe()
    this.looking = looking
    const forget = () => {
      this.looking = undefined
    }
    looking.then(result => result.found || forget(), forget)
    return looking
  }

  private async run(adapter: Adapter, call: Call) {
    try {
      return await adapter.run(this.seenBy(adapter, call, ''))
    } catch (error) {
      if (this.stopped !== undefined) this.probed = await this.probe(adapter, call)
      throw error
    }
  }

  /** Nothing was done, so it has to find nothing; and its steps are tried as well. */
  private async probe(adapter: Adapter, call: Call): Promise<Trial['probed']> {
    try {
      const result: ProbeResult | undefined = await adapter.probe?.(this.seenBy(adapter, call, 'probe: '))
      return result && { found: result.found }
    } catch (error) {
      return { problem: whyOf(error, call) }
    }
  }

  private seenBy(adapter: Adapter, call: Call, prefix: string): Call {
    const onlooker = this.onlooker(call, prefix)
    const own: Partial<Call> = {
      onlooker,
      commit: async sent => {
        this.sent = sent
        if (this.options.isDry) throw this.stop()
        await call.commit(sent)
        this.crossed = true
      },
      ...(adapter.tellsOnlooker ? {} : { step: (name, work) => onlooker.step(name, () => call.step(name, work)) })
    }
    return Object.create(call, Object.fromEntries(Object.entries(own).map(([name, value]) => [name, { value, enumerable: true }])))
  }

  private onlooker(call: Call, prefix: string): Onlooker {
    const { stepMs, isDry, stepwise, keepOpen } = this.options
    const open: Shot[][] = []
    return {
      stepMs,
      waits: stepwise || keepOpen,
      isDry,
      step: (name, work, look) => this.step(call, { name: prefix + name, work, look, open }),
      show: async shot => void open.at(-1)?.push(shot),
      stop: () => this.stop(),
      over: () => this.hold()
    }
  }

  private stop(): Error {
    this.stopped ??= new RetrofitError('target_failed', { detail: 'It was stopped before its commit point.', retryable: false })
    return this.stopped
  }

  private async step<T>(call: Call, { name, work, look, open }: Step<T>): Promise<T> {
    const { stepwise, keyboard } = this.options
    const [number, depth] = [++this.count, open.length]
    if (stepwise) await keyboard.enter(`next: ${call.redact(name)} (Enter) `)
    const shots: Shot[] = []
    open.push(shots)
    const begun = performance.now()
    const end = async (error?: { readonly thrown: unknown }) => {
      const ms = Math.round(performance.now() - begun)
      if (look !== undefined) shots.push(...(await look().catch(() => [])))
      open.splice(open.indexOf(shots), 1)
      this.note({ number, name: call.redact(name), ms, depth, ...this.ended(call, error), files: this.keep(number, name, shots) })
    }
    try {
      const made = await work()
      await end()
      return made
    } catch (thrown) {
      await end({ thrown })
      if (this.stopped === undefined) await this.hold()
      throw this.stopped ?? thrown
    }
  }

  private ended(call: Call, error: { readonly thrown: unknown } | undefined): Pick<TriedStep, 'state' | 'error'> {
    if (error === undefined) return { state: 'ok' }
    return this.stopped === undefined ? { state: 'failed', error: whyOf(error.thrown, call) } : { state: 'stopped' }
  }

  private note(step: TriedStep): void {
    this.steps.push(step)
    this.options.tell(step)
  }

  private keep(number: number, name: string, shots: readonly Shot[]): readonly string[] {
    const start = `${String(number).padStart(2, '0')}-${wordsOf(name)}`
    return shots.flatMap(({ suffix, content }) => this.options.folder.write(start + suffix, content) ?? [])
  }

  /** Once: at the step that fails, or when all are over. */
  private async hold(): Promise<void> {
    const { keepOpen, keyboard } = this.options
    if (!keepOpen || this.held) return
    this.held = true
    await keyboard.enter('the browser stays open; Enter ends the attempt, Ctrl-C too … ')
    process.stderr.write('\n')
  }
}

interface Step<T> {
  readonly name: string
  readonly work: () => Promise<T>
  readonly look: (() => Promise<readonly Shot[]>) | undefined
  /** The pictures that the steps around it have shown, in one call. */
  readonly open: Shot[][]
}

const mostWhy = 600

const whyOf = (error: unknown, call: Call): string =>
  call.redact((Error.isError(error) ? error.message : String(error)).split('\n', 1)[0] ?? '').slice(0, mostWhy)

const wordsOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-|-$/g, '') || 'step'
