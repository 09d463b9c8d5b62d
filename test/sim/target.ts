/** The legacy system of a world: keeps a list of what it did, and answers as the plan makes it. */
import { BusinessError, NothingSent } from '../../src/core/errors.ts'
import type { Json, JsonObject } from '../../src/core/types.ts'
import { latencyMs } from './exchange.ts'
import type { Answer } from './plan.ts'
import type { SimProcess, World } from './world.ts'

export interface Effect {
  readonly reference: string
  readonly input: JsonObject
  readonly at: number
}

export interface Asked {
  readonly reference: string
  readonly input: JsonObject
  readonly signal: AbortSignal
}

/** Whether the request takes effect, and what its sender hears. `hang`: nothing. */
const manners: Readonly<
  Record<Exclude<Answer, 'nothing_sent'>, { readonly applies: 'yes' | 'no' | 'late'; readonly says: 'ok' | 'misfit' | 'hang' | Error }>
> = {
  ok: { applies: 'yes', says: 'ok' },
  misfit: { applies: 'yes', says: 'misfit' },
  hang: { applies: 'yes', says: 'hang' },
  late: { applies: 'late', says: new Error('the connection was closed (simulated)') },
  error: { applies: 'yes', says: new Error('500 (simulated)') },
  lie: { applies: 'no', says: 'ok' },
  dropped: { applies: 'no', says: new Error('the connection was reset (simulated)') },
  refused: { applies: 'no', says: new BusinessError('refused', 'No.') },
  odd: { applies: 'yes', says: new BusinessError('odd', 'Maybe.') }
}

export class Target {
  readonly effects: Effect[] = []
  /** References that it said yes to without doing anything. */
  readonly lied = new Set<string>()
  private readonly world: World

  constructor(world: World) {
    this.world = world
  }

  has(reference: string): boolean {
    return this.effects.some(effect => effect.reference === reference)
  }

  count(reference: string): number {
    return this.effects.filter(effect => effect.reference === reference).length
  }

  /** The one request that has the effect. It lands whatever becomes of its sender. */
  send(process: SimProcess, asked: Asked): Promise<Json> {
    const { world } = this
    if (!process.alive) return new Promise(() => undefined)
    const answer: Answer = world.mishap(world.plan.trouble) ? world.random.pick(world.plan.troubles) : 'ok'
    world.count(`target ${answer}`)
    world.say(() => `sends the effect of ${world.nick(asked.reference)} to the target, which answers "${answer}"`)
    if (answer === 'nothing_sent') return Promise.reject(new NothingSent('no connection (simulated)', { retryable: true }))
    return this.taken(process, asked, answer)
  }

  private taken(process: SimProcess, asked: Asked, answer: Exclude<Answer, 'nothing_sent'>): Promise<Json> {
    const { scheduler, random, plan } = this.world
    const { applies, says } = manners[answer]
    const thereMs = latencyMs(this.world)
    if (applies === 'late') scheduler.after(thereMs + random.between(0, plan.lateMs), undefined, () => this.apply(asked))
    const duplicate = { value: false }
    const lands = () => {
      duplicate.value = this.has(asked.reference)
      if (applies === 'yes') this.apply(asked)
      if (answer === 'lie') this.lied.add(asked.reference)
    }
    return new Promise((resolve, reject) => {
      asked.signal.addEventListener('abort', () => reject(asked.signal.reason))
      scheduler.after(thereMs, undefined, () => {
        lands()
        if (says === 'hang') return
        scheduler.after(latencyMs(this.world), process, () => {
          if (duplicate.value && plan.rejectsDuplicates) reject(new BusinessError('refused', 'There is one already.'))
          else if (says === 'ok') resolve({ confirmation: asked.reference })
          else if (says === 'misfit') resolve({ nonsense: true })
          else reject(says)
        })
      })
    })
  }

  private apply({ reference, input }: Asked): void {
    const { world } = this
    const refused = world.plan.rejectsDuplicates && this.has(reference)
    world.say(() => `  target: effect of ${world.nick(reference)} ${refused ? 'refused, there is one' : 'APPLIED'}`)
    if (!refused) this.effects.push({ reference, input, at: world.scheduler.now })
  }
}
