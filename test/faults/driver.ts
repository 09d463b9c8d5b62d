/** A bad agent: writes down what it wants before it asks, asks in parallel, again, elsewhere, with other words; and never forgets a key. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type Client, createClient } from '../e2e/client.ts'
import { openNotes } from './notes.ts'
import type { Variant } from './targets.ts'
import type { World } from './world.ts'

export interface Intent {
  readonly key: string
  readonly action: string
  readonly input: object
}

/** One line of the driver's file. `intent` before anything is sent, `sent` before each call, `answer` after it. */
export type IntentNote =
  | ({ readonly what: 'intent'; readonly at: number; readonly targetLies: boolean } & Intent)
  | { readonly what: 'sent'; readonly at: number; readonly key: string; readonly how: How; readonly gateway: number }
  | {
      readonly what: 'answer'
      readonly at: number
      readonly key: string
      readonly how: How
      readonly status: number
      readonly runId?: string
      readonly code?: string
      readonly hash: string
    }

/** `same`: the key and the input; `changed`: the key, another amount; `fresh`: another key, the same input. */
type How = 'same' | 'changed' | 'fresh'

export interface Driver {
  /** Resolves to the last answer; rejects when there is none within the time. */
  intend(variant?: Variant, options?: IntendOptions): Promise<Answer>
  client(index?: number): Client
  /** Sends once more with the key. */
  replay(intent: Intent, waitMs: number): Promise<Answer>
  /** Sends the call of that run once more, with its key, until somebody answers. */
  again(runId: string): Promise<Answer>
  close(): void
}

export interface IntendOptions {
  /** This caller answers nobody's question but its own: no duplicates, no changed bodies. */
  readonly plain?: boolean
  /** The target says yes and does nothing: what it says is not our lie. */
  readonly targetLies?: boolean
  readonly waitMs?: number
  readonly async?: boolean
  /** So many calls at once with one key. */
  readonly copies?: number
  /** Sends another body with the same key for sure. */
  readonly changed?: boolean
}

const patienceMs = 8_000
let count = 0

export function openDriver(world: World, random: () => number): Driver {
  const notes = openNotes(world.intentsFile)
  const clients = world.gateways.map(gateway => createClient(() => gateway.url, world.adminKey))
  const client = (index = 0) => clients[index % clients.length] as Client
  const begun = Date.now().toString(36)

  async function send({ key, action, input }: Intent, how: How, wait: string): Promise<Answer> {
    const gateway = Math.floor(random() * clients.length)
    notes.add({ what: 'sent', key, how, gateway })
    const answer = await client(gateway).call(action, how === 'changed' ? { ...input, amount: 0.02 } : input, {
      key: how === 'fresh' ? `${key}-fresh-${++count}` : key,
      headers: { prefer: wait },
      patienceMs
    })
    const { status, body, text } = answer
    const runId = answer.runId ?? (typeof body.runId === 'string' ? body.runId : undefined)
    notes.add({ what: 'answer', key, how, status, runId, code: body.code, hash: hashOf(text) })
    return { ...answer, runId }
  }

  async function untilAnswered(
    intent: Intent,
    { plain = false, waitMs = 40_000, async = false, copies, changed }: IntendOptions
  ): Promise<Answer> {
    const until = Date.now() + waitMs
    const first = copies ?? (plain || random() > 0.2 ? 1 : 3)
    for (let tries = 0; ; tries++) {
      const wait = async || random() < 0.1 ? 'respond-async' : 'wait=3'
      const sent = Array.from({ length: tries === 0 ? first : 1 }, () => send(intent, 'same', wait).catch((error: Error) => error))
      const answer = await sent[0]
      if (!plain && hasRun(answer)) await annoy(intent, changed ? 0 : random())
      if (hasRun(answer) && answer.status !== 202) {
        await Promise.all(sent)
        return answer
      }
      if (Date.now() > until) throw new Error(`no end for ${intent.key}: ${Error.isError(answer) ? answer : answer?.text}`)
      await sleep(async ? 20 : 50 + random() * 100)
    }
  }

  /** What a model does when it lost the thread. */
  async function annoy(intent: Intent, how: number): Promise<void> {
    if (how < 0.1) await send(intent, 'changed', 'respond-async').catch(() => undefined)
    else if (how < 0.2) await send(intent, 'fresh', 'respond-async').catch(() => undefined)
  }

  const owners = new Map<string, Intent>()

  async function again(runId: string): Promise<Answer> {
    const intent = owners.get(runId)
    if (intent === undefined) throw new Error(`nobody asked for ${runId}`)
    for (const until = Date.now() + 60_000; ; await sleep(100)) {
      const answer = await send(intent, 'same', 'wait=3').catch((error: Error) => error)
      if (hasRun(answer)) return answer
      if (Date.now() > until) throw new Error(`no answer about ${runId}`)
    }
  }

  return {
    client,
    again,
    async intend(variant = 'plain', options = {}) {
      const key = `i${begun}-${++count}`
      const intent = { key, action: world.target.action(variant), input: world.target.input(key.toUpperCase()) }
      notes.add({ what: 'intent', ...intent, targetLies: options.targetLies ?? false })
      const answer = await untilAnswered(intent, options)
      if (answer.runId !== undefined) owners.set(answer.runId, intent)
      return answer
    },
    replay: (intent, waitMs) => untilAnswered(intent, { plain: true, waitMs }),
    close: () => notes.close()
  }
}

/** An answer about a run: not about a ledger that is away or a line that is full. */
const hasRun = (answer: Answer | Error | undefined): answer is Answer =>
  answer !== undefined && !Error.isError(answer) && answer.runId !== undefined

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
