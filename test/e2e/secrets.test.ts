import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type ChildServer, startRedis } from '../setup/services.ts'
import { until } from '../setup/until.ts'
import { otlpReceiver } from '../telemetry/otlp-receiver.ts'
import type { Client, RunView } from './client.ts'
import { createClient } from './client.ts'
import { type Deployment, deploy, type Kind, kinds, sharedSettings } from './deployment.ts'
import { payment } from './payments.ts'
import type { Program } from './program.ts'
import { filesBelow, hits, type Place, rabbitFiles, redisMonitor, waitingMessages } from './secret-places.ts'
import { adminKey, openSite, type Site, type Target } from './site.ts'
import { type Canaries, plant, vaultActions, vaultBot } from './vault-bot.ts'

const rabbitUrl = process.env.TEST_RABBITMQ_URL ?? ''

let site: Site
let collector: Awaited<ReturnType<typeof otlpReceiver>>
beforeEach(async () => {
  site = openSite()
  collector = await otlpReceiver()
  site.onClose(() => collector.close())
})
afterEach(() => site.close())

/** Real persons of the sandbox's books, which come back as outputs that are marked. */
const booked = ['maria.keller@mail.example', 'Lindenstrasse 14', '1984-03-12']
/** An account of nobody: the target repeats it in its fault. */
const unknownAccount = '4988776655'
const payingAccount = '4010002001'
const login = { username: 'svc_retrofit', password: 'soap-canary-password' }
const markedAccount = (source: string): string =>
  source
    .replace('from_account: { type: string, pattern', 'from_account: { type: string, x-sensitive: pii, pattern')
    .replace('fromAccount: { type: string }', 'fromAccount: { type: string, x-sensitive: pii }')
    .replace('properties: { reference: { type: string } }', 'properties: { reference: { type: string, x-sensitive: pii } }')

const textsOf = ({ number, ...texts }: Canaries): readonly string[] => [
  ...Object.values(texts),
  String(number),
  ...booked,
  unknownAccount,
  payingAccount,
  login.password,
  // As HTTP Basic writes it.
  `${login.username}:${login.password}`
]

const otlpPlaces = (): readonly Place[] => collector.bodies.map(({ path, text }) => ({ name: `OTLP ${path}`, bytes: Buffer.from(text) }))

/** What the API shows of a run beside its output: that may say secrets to who may see them. */
async function apiPlaces(client: Client, runs: readonly RunView[]): Promise<readonly Place[]> {
  const views = runs.map(({ output: _, ...run }) => ({ name: `run ${run.runId}`, bytes: Buffer.from(JSON.stringify(run)) }))
  const files = runs.flatMap(run => run.artifacts.map(artifact => artifact.href))
  const artifacts = files.map(async href => ({ name: href, bytes: Buffer.from((await client.request('GET', href)).text) }))
  const pages = ['/metrics', '/v1/runs?limit=100', '/openapi.json'].map(async path => ({
    name: path,
    bytes: Buffer.from((await client.request('GET', path)).text)
  }))
  return [...views, ...(await Promise.all([...artifacts, ...pages]))]
}

const pay = (client: Client, account: string) => client.call('corebank_post_payment', payment({ from_account: account }))

async function callAll(client: Client, target: Target, { pin, owner, number, card, token }: Canaries): Promise<readonly RunView[]> {
  const input = (name: string) => ({ reference: `visible-${name}`, pin, card, token, owner: { name: owner, number } })
  const vault = vaultActions.map(async ([action, status]) => {
    const answer = await client.call(action, input(action), { key: `key-${action}`, headers: { prefer: 'respond-async' } })
    const run = await client.ended(answer.runId ?? '')
    expect({ action, status: run.status }).toEqual({ action, status })
    return run
  })
  // Refused before it is a run: the problem document must not repeat the value either.
  const refused = await client.call('vault_open', { ...input('refused'), owner, pin })
  expect(refused.status).toBe(422)
  expect(refused.text).not.toContain(pin)
  const bank = [client.call('corebank_get_customer', { customer_id: 'C-1001' }), pay(client, unknownAccount)].map(async call => {
    return client.run((await call).runId ?? '')
  })
  const runs = await Promise.all([...vault, ...bank])
  // The bank books and answers 500: what was sent and answered is kept as evidence.
  await target.faults({ failAfterApply: true, times: 1 })
  return [...runs, await client.run((await pay(client, payingAccount)).runId ?? '')]
}

async function prepare(planted: Canaries): Promise<Target> {
  site.addBot('vault', vaultBot(join(site.dir, 'vault.ledger.jsonl')))
  site.writeSecret('vault', { password: planted.password })
  site.copyBot('corebank', markedAccount)
  site.writeSecret('corebank', login)
  return site.startTarget('corebank', { COREBANK_PASSWORD: login.password })
}

const telemetry = () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '100', LOG_LEVEL: 'trace' })

test.each(kinds)(
  '%s: no planted secret in logs, ledger, queue, artifacts, API or telemetry',
  async (kind: Kind) => {
    const planted = plant(randomBytes(4).toString('hex'))
    const target = await prepare(planted)
    // Its own: other tests write the same accounts into the shared one.
    const redis = kind === 'distributed' ? await startRedis() : undefined
    site.onClose(() => redis?.stop())
    const monitor = redis === undefined ? undefined : await redisMonitor(redis.url)
    site.onClose(() => monitor?.close())
    const deployed = await deploy(site, kind, { ...telemetry(), ...(redis === undefined ? {} : { REDIS_URL: redis.url }) })
    const runs = await callAll(deployed.client, target, planted)

    // The output is there for who may read it, so what is grepped for is what was planted.
    expect(runs.find(({ action }) => action === 'vault_open')?.output).toMatchObject({ card: planted.card, told: { token: planted.token } })
    expect(JSON.stringify(runs)).toContain(booked[0])
    expect(runs.find(({ action }) => action === 'corebank_post_payment')).toMatchObject({
      status: 'failed',
      error: { code: 'account_unknown' }
    })

    const texts = textsOf(planted)
    const shown = await apiPlaces(deployed.client, runs)
    expect(shown.some(({ name }) => name.includes('/artifacts/'))).toBe(true)
    const stored = () => storedPlaces(redis)
    const live = [...shown, ...stored(), ...(monitor === undefined ? [] : [monitor.place()])]
    expect(hits(live, texts)).toEqual([])
    // The same grep finds what is no secret, in the file that holds what was written last.
    expect(hits(live, ['visible-vault_open']).map(hit => hit.replace(/^.* in /, ''))).toContainEqual(
      expect.stringMatching(kind === 'embedded' ? /ledger\.sqlite-wal$/ : /\.aof$/)
    )

    await expectClean(deployed, stored, texts)
  },
  90_000
)

/** The stand-in's own books are the target's, which knows its accounts. */
const ownFiles = (): readonly Place[] => filesBelow(site.dataDir).filter(({ name }) => !name.startsWith(join(site.dataDir, 'sandbox')))

const storedPlaces = (redis: ChildServer | undefined): readonly Place[] =>
  redis === undefined ? ownFiles() : [...ownFiles(), ...filesBelow(redis.dir), ...rabbitFiles(rabbitUrl)]

/** After the end of the programs, with all that they wrote and exported. */
async function expectClean({ parts, output }: Deployment, stored: () => readonly Place[], texts: readonly string[]): Promise<void> {
  await Promise.all(parts.map(({ program }) => program.stop()))
  const written = { name: 'stdout and stderr', bytes: output() }
  expect(written.bytes.toString()).toContain('run ended')
  expect(collector.bodies.map(({ path }) => path)).toEqual(expect.arrayContaining(['/v1/traces', '/v1/metrics']))
  expect(hits([written, ...otlpPlaces(), ...stored()], texts)).toEqual([])
}

test('a message that waits in RabbitMQ holds ids only', async () => {
  const planted = plant(randomBytes(4).toString('hex'))
  await prepare(planted)
  const shared = await sharedSettings(site, 'distributed')
  // A worker declares the queue; none is there when the call comes.
  await (await site.start('worker --bots vault', shared)).stop()
  const gateway: Program = await site.start('gateway', shared)
  const client = createClient(() => gateway.url, adminKey)
  const { pin, card, token } = planted
  const input = { reference: 'waits', pin, card, token, owner: { name: planted.owner, number: planted.number } }
  const { runId = '' } = await client.call('vault_open', input, { headers: { prefer: 'respond-async' } })
  const waiting = await until('the message', async () => {
    const found = await waitingMessages(rabbitUrl, `${shared.RETROFIT_NAMESPACE}.vault`)
    return found.bytes.length > 0 && found
  })
  expect(waiting.bytes.toString()).toContain(runId)
  const places = [waiting, ...rabbitFiles(rabbitUrl)]
  expect(hits(places, textsOf(planted))).toEqual([])
  expect(hits(rabbitFiles(rabbitUrl), [runId])).not.toEqual([])
})
