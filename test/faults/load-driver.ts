/** Callers at a steady rate, whatever becomes of the system: each writes its intent down, asks, and asks again with the same key until it is accepted. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Slots } from '../../adapters/playwright/slots.ts'
import { createClient } from '../e2e/client.ts'
import { openNotes } from './notes.ts'
import type { World } from './world.ts'

export interface Accepted {
  readonly key: string
  readonly runId: string
  readonly at: number
}

export interface LoadLog {
  readonly accepted: Accepted[]
  /** Answers by status, of a run that has failed with its code; 0: none came. */
  readonly statuses: Map<string, number>
  /** Of accepted calls: from the last try to its answer, in milliseconds. */
  readonly tookMs: number[]
  /** Runs that one key was answered with. */
  readonly runsOf: Map<string, Set<string>>
  readonly intents: number
}

export interface LoadOptions {
  readonly perSecond: number
  readonly seconds: number
  readonly random: () => number
}

const tickMs = 20
/** Connections at once: a process has 1,024 files, and a system that answers nobody would take them all. */
const mostLines = 400
/** So long an intent is asked for. */
const patienceMs = 120_000

export async function drive(world: World, { perSecond, seconds, random }: LoadOptions): Promise<LoadLog> {
  const notes = openNotes(world.intentsFile)
  const targets = [world.target, ...world.beside]
  const clients = world.gateways.map(({ url }) => createClient(() => url, world.adminKey))
  const log = {
    accepted: [] as Accepted[],
    statuses: new Map<string, number>(),
    tookMs: [] as number[],
    runsOf: new Map<string, Set<string>>(),
    intents: 0
  } satisfies LoadLog
  const lines = new Slots(mostLines)
  const begun = Date.now()
  const asking = new Set<Promise<void>>()

  async function ask(key: string, count: number): Promise<void> {
    const target = targets[count % targets.length] as (typeof targets)[number]
    for (const until = Date.now() + patienceMs; Date.now() < until; await sleep(200 + random() * 600)) {
      const client = clients[Math.floor(random() * clients.length)] as (typeof clients)[number]
      const options = { key, headers: { prefer: 'respond-async' }, patienceMs: 10_000 }
      const mayAsk = await lines.take(AbortSignal.timeout(patienceMs)).then(
        () => true,
        () => false
      )
      if (!mayAsk) return
      const from = performance.now()
      const answer = await client
        .call(target.action('plain'), target.input(key), options)
        .catch(() => undefined)
        .finally(() => lines.give())
      const status = answer?.status ?? 0
      const runId = answer?.runId ?? (typeof answer?.body.runId === 'string' ? answer.body.runId : undefined)
      const name = status >= 400 && runId !== undefined ? `${status} ${answer?.body.code}` : String(status)
      log.statuses.set(name, (log.statuses.get(name) ?? 0) + 1)
      if (runId === undefined || status === 503) continue
      log.tookMs.push(performance.now() - from)
      log.accepted.push({ key, runId, at: Date.now() })
      log.runsOf.set(key, (log.runsOf.get(key) ?? new Set()).add(runId))
      return
    }
  }

  while (Date.now() < begun + seconds * 1_000) {
    await sleep(tickMs)
    const due = Math.floor(((Date.now() - begun) / 1_000) * perSecond)
    const keys = Array.from({ length: Math.max(0, due - log.intents) }, (_, index) =>
      `L${begun.toString(36)}-${log.intents + index}`.toUpperCase()
    )
    if (keys.length > 0) notes.add({ what: 'intents', keys })
    for (const key of keys) {
      const asked = ask(key, log.intents++).finally(() => asking.delete(asked))
      asking.add(asked)
    }
  }
  await Promise.all(asking)
  notes.close()
  return log
}
