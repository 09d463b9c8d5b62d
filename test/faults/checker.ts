/** Reads the target's effect ledger, the driver's intents, and the public API; never our store. */
import { setTimeout as sleep } from 'node:timers/promises'
import { hasEnded, type RunView } from '../e2e/client.ts'
import type { Driver, IntentNote } from './driver.ts'
import { readNotes } from './notes.ts'
import type { World } from './world.ts'

export const invariants = ['dup', 'lost', 'liarYes', 'liarNo', 'phantom', 'torn', 'residue'] as const
export type Invariant = (typeof invariants)[number]

export type Verdict = Readonly<Record<Invariant, readonly string[]>> & {
  readonly intents: number
  readonly effects: number
  readonly parked: number
  readonly runs: ReadonlyMap<string, RunView & { readonly endedAt?: string }>
}

type IntentOf = Extract<IntentNote, { what: 'intent' }>
type AnswerOf = Extract<IntentNote, { what: 'answer' }>

interface Evidence {
  readonly intents: readonly IntentOf[]
  readonly answers: readonly AnswerOf[]
  /** By key: the run that it has in the end. */
  readonly owners: ReadonlyMap<string, RunView>
  readonly runs: readonly RunView[]
  /** Applied effects by reference. */
  readonly effects: ReadonlyMap<string, number>
}

/** Waits for the quiet after the last fault, asks every key once more, and judges. */
export async function check(world: World, driver: Driver, { quietMs = 1_000, patienceMs = 20_000 } = {}): Promise<Verdict> {
  await world.arm('')
  await world.ready()
  const notes = readNotes<IntentNote>(world.intentsFile)
  const intents = notes.filter(note => note.what === 'intent')
  const owners = new Map<string, RunView>()
  const lost: string[] = []
  await eachOf(intents, async intent => {
    try {
      const { runId = '' } = await driver.replay(intent, patienceMs)
      owners.set(intent.key, await driver.client().ended(runId, patienceMs))
    } catch (error) {
      lost.push(`${intent.key}: ${(error as Error).message.slice(0, 300)}`)
    }
  })
  await sleep(quietMs)
  const runs = await allRuns(driver)
  // A probe may have settled some since.
  for (const [key, { runId }] of owners) owners.set(key, runs.find(run => run.runId === runId) ?? (owners.get(key) as RunView))
  const after = readNotes<IntentNote>(world.intentsFile)
  return judge({ intents, owners, runs, answers: after.filter(note => note.what === 'answer'), effects: countsOf(world) }, lost)
}

/** Read with patience: some worlds answer every twentieth question with "not now". */
async function allRuns(driver: Driver): Promise<readonly RunView[]> {
  const found: RunView[] = []
  for (let cursor = ''; ; ) {
    const { body } = await patiently(async () => {
      const answer = await driver.client().request('GET', `/v1/runs?limit=100${cursor}`)
      if (answer.status !== 200) throw new Error(answer.text)
      return answer
    })
    const { runs, next } = body as { runs: readonly { runId: string }[]; next: string | null }
    await eachOf(runs, async ({ runId }) => void found.push(await patiently(() => driver.client().run(runId))))
    if (next === null) return found
    cursor = `&cursor=${next}`
  }
}

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (tries === 20) throw error
      await sleep(100 * tries)
    }
  }
}

const atOnce = 8

async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = [...all]
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let one = rest.shift(); one !== undefined; one = rest.shift()) await work(one)
    })
  )
}

function countsOf({ target }: World): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { reference, appliedAt } of target.effects()) if (appliedAt !== null) counts.set(reference, (counts.get(reference) ?? 0) + 1)
  return counts
}

export function judge(evidence: Evidence, unanswered: readonly string[]): Verdict {
  const { intents, owners, runs, effects } = evidence
  const owned = ownedOf(evidence)
  const known = new Set(runs.filter(({ runId }) => owned.has(runId)).map(({ reference }) => reference))
  const liars = new Set(intents.filter(({ targetLies }) => targetLies).map(({ key }) => owners.get(key)?.runId))
  const effectsOf = ({ reference }: RunView) => effects.get(reference) ?? 0
  const says = (run: RunView) =>
    `${run.runId} ${run.status}/${run.effect} has ${effectsOf(run)}: ${run.history.map(({ status, effect, note }) => `${status}/${effect}${note ? ` (${note})` : ''}`).join(', ')}`
  const pick = (wrong: (run: RunView) => boolean) => runs.filter(wrong).map(says)
  return {
    intents: intents.length,
    effects: [...effects.values()].reduce((sum, count) => sum + count, 0),
    parked: runs.filter(({ status }) => status === 'outcome_unknown').length,
    runs: new Map(runs.map(run => [run.runId, run])),
    dup: [...pick(run => effectsOf(run) > 1), ...twice(evidence)],
    lost: [...unanswered, ...lostOf(evidence)],
    liarYes: pick(run => claimsEffect(run) && effectsOf(run) === 0 && !liars.has(run.runId)),
    liarNo: pick(run => ['failed', 'cancelled'].includes(run.status) && run.effect === 'none' && effectsOf(run) > 0),
    phantom: [...effects.keys()].filter(reference => !known.has(reference)).map(reference => `an effect of no intent: ${reference}`),
    torn: tornOf(evidence),
    residue: pick(run => !hasEnded(run))
  }
}

const claimsEffect = ({ status, effect }: RunView) => (status === 'completed' && effect !== 'none') || effect === 'committed'

/** One intent, effects under several references: a second run that did it again. */
function twice({ intents, runs, effects }: Evidence): string[] {
  return intents.flatMap(({ key, input }) => {
    const own = referenceOf(input)
    const references = runs.filter(run => referenceOf((run as RunView & { input?: object }).input) === own).map(run => run.reference)
    const total = references.reduce((sum, reference) => sum + (effects.get(reference) ?? 0), 0)
    return total > 1 && references.length > 1 ? [`${key}: ${total} effects in ${references.length} runs`] : []
  })
}

const referenceOf = (input: object | null | undefined): string => String((input as { reference?: string } | null | undefined)?.reference)

/** Answered with a run, and that run is not there or has not ended. */
function lostOf({ answers, runs }: Evidence): string[] {
  const ended = new Map(runs.map(run => [run.runId, hasEnded(run)]))
  const told = new Set(answers.flatMap(({ runId, status }) => (runId !== undefined && status !== 422 ? [runId] : [])))
  return [...told]
    .filter(runId => !ended.get(runId))
    .map(runId => `${runId} was answered and ${ended.has(runId) ? 'has not ended' : 'is gone'}`)
}

/** The runs that keys have in the end, and those that these did again: each a failed one without an effect. */
function ownedOf({ owners, runs }: Evidence): ReadonlySet<string> {
  const byId = new Map(runs.map(run => [run.runId, run]))
  const owned = new Set<string>()
  for (const { runId } of owners.values())
    for (let id: string | undefined = runId; id !== undefined; id = byId.get(id)?.retryOf) {
      const run = byId.get(id)
      if (id !== runId && !(run?.status === 'failed' && run.effect === 'none')) break
      owned.add(id)
    }
  return owned
}

/** A key with two runs of which none follows the other, a replay that says something else, another body that was taken. */
function tornOf(evidence: Evidence): string[] {
  const { intents, answers, owners, runs } = evidence
  const found: string[] = []
  const owned = ownedOf(evidence)
  for (const { key } of intents) {
    const own = answers.filter(answer => answer.key === key)
    const ids = new Set(own.filter(({ how, runId }) => how !== 'changed' && runId !== undefined).map(({ runId }) => runId))
    const last = owners.get(key)?.runId
    const strange = [...ids].filter(id => id !== last && !owned.has(String(id)))
    if (strange.length > 0) found.push(`${key} has the runs ${[...ids].join(', ')}`)
    const bodies = new Set(own.filter(({ how, status }) => how !== 'changed' && status === 200).map(({ hash }) => hash))
    if (bodies.size > 1) found.push(`${key} was answered 200 with ${bodies.size} bodies`)
    if (own.some(({ how, status }) => how === 'changed' && status < 400)) found.push(`${key} took another body`)
  }
  for (const { runId } of runs) if (!owned.has(runId)) found.push(`${runId} belongs to no key`)
  return found
}

export const violations = (verdict: Verdict): readonly string[] => invariants.flatMap(name => verdict[name].map(text => `${name}: ${text}`))
