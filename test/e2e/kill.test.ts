import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type Answer, type Client, callUntilAnswered, type RunView } from './client.ts'
import { type Deployment, deploy, type Kind, type Part } from './deployment.ts'
import { brokenPromises, effectsByReference, payment } from './payments.ts'
import { seededRandom } from './seeded-random.ts'
import { openSite, type Site, type Target } from './site.ts'

/** How long the bank takes: the moments fall before, around and after the commit point. */
const bankDelayMs = 120
/** From the call to a moment after its usual end. */
const momentMs = 500
const rounds = 10
/** Of a caller, over all rounds: each kill may cost a run another lease. */
const patienceMs = 300_000
/** Chance may miss every payment; then it tries on. */
const mostRounds = 40
const paymentsInRound = 4

let site: Site | undefined
afterEach(async () => {
  await site?.close()
  site = undefined
})

interface Stage {
  readonly bank: Target
  readonly deployed: Deployment
}

async function open(kind: Kind): Promise<Stage> {
  site = openSite()
  site.copyBot('corebank')
  const bank = await site.startTarget('corebank')
  const deployed = await deploy(site, kind)
  await bank.faults({ delayMs: bankDelayMs })
  return { bank, deployed }
}

interface Intention {
  readonly key: string
  readonly input: object
  readonly answer: Promise<Answer>
  /** The run that the first answer named, if one came. */
  readonly first: Promise<string | undefined>
}

/** A caller who sends the same key again until there is an answer. */
function intend(client: Client, key: string): Intention {
  const input = payment()
  let accepted: string | undefined
  const once = async () => {
    const answer = await client.call('corebank_post_payment', input, { key, headers: { prefer: 'wait=5' } })
    accepted ??= answer.runId
    return answer
  }
  const answer = callUntilAnswered(once, patienceMs)
  // Looked at in the end; a test that fails before must show its own reason.
  answer.catch(() => {})
  return {
    key,
    input,
    answer,
    first: answer.then(
      () => accepted,
      () => undefined
    )
  }
}

/** Kills and restarts one part for each round, at a moment of its payments that chance chooses. */
async function killInRounds({ deployed }: Stage, victims: readonly Part[], seed: number): Promise<readonly Intention[]> {
  const random = seededRandom(seed)
  const intentions: Intention[] = []
  for (let round = 0; round < rounds || (round < mostRounds && !(await someWereHit(deployed))); round++) {
    for (let index = 0; index < paymentsInRound; index++) {
      const client = deployed.clients[index % deployed.clients.length] as Client
      intentions.push(intend(client, `round-${round}-${index}`))
      await sleep(random() * 60)
    }
    // A tenth of the time for each round, the early ones more than once.
    await sleep(((round % rounds) / rounds + random() / rounds) * momentMs)
    const victim = victims[round % victims.length] as Part
    await victim.program.kill()
    await victim.restart()
  }
  return intentions
}

const wasHit = ({ history }: RunView): boolean => history.some(({ note }) => note !== undefined && note !== 'commit point')
const someWereHit = async ({ client }: Deployment): Promise<boolean> => (await client.runs()).some(wasHit)

async function expectThePromise({ bank, deployed }: Stage, intentions: readonly Intention[]): Promise<void> {
  const { client } = deployed
  const answers = await Promise.all(intentions.map(({ answer }) => answer))
  expect(answers.filter(({ runId }) => runId === undefined).map(({ text }) => text)).toEqual([])
  const firstIds = await Promise.all(intentions.map(({ first }) => first))
  const ids = answers.map(({ runId }) => runId ?? '')
  // A retry with the same key joined the run that its first try was accepted as, and no two keys share one.
  expect(firstIds).toEqual(ids)
  expect(new Set(ids).size).toBe(intentions.length)
  const runs = await Promise.all((await client.runs()).map(({ runId }) => client.ended(runId)))
  // Nothing was accepted beside what the callers know of: no key has a second run.
  expect(new Set(runs.map(({ runId }) => runId))).toEqual(new Set(ids))
  // A late effect would show by now: every client has an answer, and the bank owes none.
  await sleep(bankDelayMs * 2)
  expect(brokenPromises(await Promise.all(ids.map(id => client.run(id))), bank)).toEqual([])
  // The callers were told what the ledger says.
  const told = answers.map(({ status, body }) => (status === 200 ? 'completed' : `${body.code}`))
  expect(
    told.filter(word => !['completed', 'outcome_unknown', 'target_failed', 'worker_lost', 'deadline_exceeded'].includes(word))
  ).toEqual([])
  // The kills hit something, and did not stop everything.
  expect(effectsByReference(bank).size).toBeGreaterThan(intentions.length / 2)
  expect(runs.filter(wasHit)).not.toEqual([])
}

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

describe(`kill -9 at random moments of payments (SEED=${seed})`, () => {
  test('embedded: the whole program', async () => {
    const stage = await open('embedded')
    await expectThePromise(stage, await killInRounds(stage, stage.deployed.parts, seed))
  }, 600_000)

  test('distributed: workers and gateways in turn', async () => {
    const stage = await open('distributed')
    const [gateway0, gateway1] = stage.deployed.gateways as [Part, Part]
    const [worker0, worker1] = stage.deployed.workers as [Part, Part]
    await expectThePromise(stage, await killInRounds(stage, [worker0, gateway0, worker1, gateway1], seed))
  }, 600_000)
})
