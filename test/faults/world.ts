/** One world of the campaign: a target with its effect ledger, the processes of one deployment, and the logs beside them. */

import { randomBytes } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLeash } from '../e2e/leash.ts'
import { defunctBelow, descendants } from '../e2e/processes.ts'
import { openSite, type Site } from '../e2e/site.ts'
import { freePort } from '../setup/free-port.ts'
import { builtProgram } from './built.ts'
import { type Moment, roleAt } from './moments.ts'
import { noteIn, readNotes } from './notes.ts'
import { type Env, type Part, startPart } from './part.ts'
import { forget, residueOf } from './residue.ts'
import { type AdapterName, allVariants, type FaultyTarget, openTarget, type Variant } from './targets.ts'

export type Mode = 'embedded' | 'distributed'
export const modes: readonly Mode[] = ['embedded', 'distributed']

/** What the nemesis did, noted before it was done. */
export interface Deed {
  readonly at: number
  readonly moment: string
  readonly deed: string
  readonly trial?: string
  /** The run that was at the moment, where the program itself can tell. */
  readonly runId?: string
}

export interface Servers {
  readonly REDIS_URL: string
  readonly RABBITMQ_URL: string
}

export interface WorldOptions {
  readonly mode: Mode
  readonly adapter: AdapterName
  /** Targets beside the adapter's own, each with its bot. */
  readonly beside?: readonly AdapterName[]
  /** Of the actions, which are called; without a list, all. */
  readonly variants?: readonly Variant[]
  /** Changes the manifests. */
  readonly manifest?: (source: string) => string
  /** For the distributed deployment. */
  readonly servers?: Servers
  /** What the first gateway and the first worker connect to instead. */
  readonly apart?: Servers
  readonly gateways?: number
  readonly workers?: number
  readonly env?: Env
  /** Where the embedded ledger is, when not in the world's own folder. */
  readonly dataDir?: string
  /** Before a process starts again, with the folder of the ledger. */
  readonly beforeRestart?: (dataDir: string) => void
}

export interface World {
  readonly mode: Mode
  readonly adapter: AdapterName
  readonly namespace: string
  /** Of this world alone: whoever comes to the gateway of another one is not let in. */
  readonly adminKey: string
  readonly servers: Servers | undefined
  readonly dataDir: string
  /** What its processes were started with beside the usual. */
  readonly env: Env
  readonly site: Site
  readonly target: FaultyTarget
  readonly beside: readonly FaultyTarget[]
  readonly gateways: readonly Part[]
  readonly workers: readonly Part[]
  readonly parts: readonly Part[]
  readonly intentsFile: string
  /** Everything that the processes wrote. */
  output(): string
  /** Arms a crash point in every process that can reach it; the target's moments too. '' disarms all. */
  arm(moment: Moment | '', how?: string): Promise<void>
  /** At the next such moment of an effect this is done before the target goes on. */
  onEffect(moment: 'received' | 'applied', work: () => Promise<void>): void
  note(deed: object): void
  deeds(): readonly Deed[]
  ready(): Promise<void>
  /** Says which processes are defunct, ends all, gracefully, and says what they left behind: processes, folders, messages. */
  residue(): Promise<readonly string[]>
  close(): Promise<void>
}

const compileCache = join(tmpdir(), 'retrofit-faults-cache')

const quick: Env = {
  NODE_ENV: 'test',
  NODE_COMPILE_CACHE: compileCache,
  LEASE_MS: '1000',
  SWEEP_MS: '100',
  SHUTDOWN_GRACE_MS: '3000',
  BREAKER_FAILURES: '10000',
  RATE_LIMIT: '0',
  WAIT_MS: '5000',
  LOG_LEVEL: 'warn'
}

export async function openWorld(options: WorldOptions): Promise<World> {
  const { mode, adapter, servers, gateways = 1, workers = 1, beside = [], variants = allVariants } = options
  const site = withManifests(openSite(), options.manifest)
  // Its programs keep their temporary files there, and as root their browsers are another user's.
  chmodSync(site.dir, 0o711)
  const nemesis = await openNemesis()
  site.onClose(() => nemesis.close())
  const target = await openTarget[adapter](site, { notify: beside.length === 0 ? nemesis.url : '', variants })
  const others: FaultyTarget[] = []
  for (const name of beside) others.push(await openTarget[name](site, { notify: '', variants }))
  const adminKey = randomBytes(12).toString('hex')
  const namespace = `faults-${randomBytes(4).toString('hex')}`
  const dataDir = options.dataDir ?? site.dataDir
  const place: Place = {
    site,
    target,
    beside: others,
    nemesis,
    namespace,
    adminKey,
    dataDir,
    log: join(site.dir, 'nemesis.jsonl'),
    options
  }
  const roles: Part['role'][] =
    mode === 'embedded' ? ['up'] : [...Array<'gateway'>(gateways).fill('gateway'), ...Array<'worker'>(workers).fill('worker')]
  const chunks: string[] = []
  const parts = await startParts(place, roles, text => chunks.push(text))
  const of = (role: 'gateway' | 'worker') => parts.filter(part => part.role === role || part.role === 'up')
  const world: World = {
    mode,
    adapter,
    namespace,
    adminKey,
    servers,
    dataDir,
    env: options.env ?? {},
    site,
    target,
    beside: others,
    parts,
    gateways: of('gateway'),
    workers: of('worker'),
    intentsFile: join(site.dir, 'intents.jsonl'),
    output: () => chunks.join(''),
    onEffect: nemesis.on,
    arm: (moment, how = 'kill:1') => arm(world, nemesis, { moment, how }),
    note: deed => noteIn(place.log, deed),
    deeds: () => readNotes<Deed>(place.log),
    ready: async () => void (await Promise.all(parts.map(part => part.ready()))),
    residue: () => endAndLook(place, parts),
    close: () => close(place, parts)
  }
  await world.ready().catch(async error => {
    await world.close()
    throw new Error(`${(error as Error).message}\n${world.output().slice(-2_000)}`)
  })
  return world
}

/** The same site, whose manifests are changed on their way in. */
const withManifests = (site: Site, change = (source: string) => source): Site => ({
  ...site,
  addBot: (name, source) => site.addBot(name, change(source)),
  copyBot: (name, own = source => source) => site.copyBot(name, source => change(own(source)))
})

interface Place {
  readonly site: Site
  readonly target: FaultyTarget
  readonly beside: readonly FaultyTarget[]
  readonly nemesis: Nemesis
  readonly namespace: string
  readonly adminKey: string
  readonly dataDir: string
  readonly log: string
  readonly options: WorldOptions
}

function settingsOf({ site, target, beside, namespace, adminKey, dataDir, log, options }: Place): Env {
  const { mode, adapter, servers, env } = options
  const distributed = { ...servers, RETROFIT_NAMESPACE: namespace, RETROFIT_DATA_KEY: 'a-data-key-for-the-fault-campaign-only' }
  return {
    ...quick,
    DATA_DIR: dataDir,
    BOTS_DIR: site.botsDir,
    SECRETS_DIR: site.secretsDir,
    RETROFIT_ADMIN_KEY: adminKey,
    RETROFIT_TEST_LOG: log,
    RETROFIT_TEST_ADAPTER: [adapter, ...(options.beside ?? [])].join(','),
    TMPDIR: site.dir,
    ...(mode === 'distributed' ? distributed : {}),
    ...Object.assign({}, target.env, ...beside.map(other => other.env)),
    ...env
  }
}

async function startParts(place: Place, roles: readonly Part['role'][], onOutput: (text: string) => void): Promise<readonly Part[]> {
  const { site, dataDir, options } = place
  const leash = openLeash(join(site.dir, 'nothing'))
  site.onClose(() => leash.end())
  const { beforeRestart, apart } = options
  const program = await builtProgram()
  const common = { program, env: settingsOf(place), leash, onOutput, beforeRestart: beforeRestart && (() => beforeRestart(dataDir)) }
  const first = { ...common, env: { ...common.env, ...apart } }
  const start = async (role: Part['role'], index: number) =>
    startPart({ ...(roles.indexOf(role) === index ? first : common), role, port: await freePort() })
  return Promise.all(roles.map(start))
}

async function arm(world: World, nemesis: Nemesis, { moment, how }: { moment: Moment | ''; how: string }): Promise<void> {
  nemesis.off()
  if (moment === '') return void (await Promise.all(world.parts.map(part => part.arm(''))))
  if (world.adapter !== 'echo' && (moment === 'W9' || moment === 'W10'))
    return nemesis.on(moment === 'W9' ? 'received' : 'applied', killWorkers(world, moment))
  const able = roleAt(moment) === 'gateway' ? world.gateways : world.workers
  await Promise.all(able.map(part => part.arm(`${moment}:${how}`)))
}

const sharedOf = ({ target, namespace, options: { mode, servers } }: Place) =>
  servers && mode === 'distributed' ? { servers, namespace, bot: target.bot } : undefined

async function endAndLook(place: Place, parts: readonly Part[]): Promise<readonly string[]> {
  const defunct = (await Promise.all(parts.map(part => defunctBelow(part.pid, 5_000)))).flat()
  const children = parts.flatMap(part => descendants(part.pid))
  await Promise.all(parts.map(part => part.end()))
  const left = await residueOf({ children, folder: place.site.dir, ...sharedOf(place) })
  return [...defunct.map(({ pid, command }) => `defunct process ${pid} ${command}`), ...left]
}

async function close(place: Place, parts: readonly Part[]): Promise<void> {
  await Promise.all(parts.map(part => part.end()))
  const shared = sharedOf(place)
  if (shared !== undefined) await forget(shared)
  await place.site.close()
}

const killWorkers = (world: World, moment: Moment) => async () => {
  world.note({ moment, deed: 'kill', by: 'the target' })
  await Promise.all(world.workers.map(part => part.kill()))
}

interface Nemesis {
  readonly url: string
  on(moment: string, work: () => Promise<void>): void
  off(): void
  close(): Promise<void>
}

/** The target tells it what happens to each effect and waits for the answer. */
async function openNemesis(): Promise<Nemesis> {
  let waiting: { moment: string; work: () => Promise<void> } | undefined
  const server: Server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const { moment } = JSON.parse(text) as { moment: string }
    const due = waiting?.moment === moment ? waiting : undefined
    if (due !== undefined) {
      waiting = undefined
      await due.work()
    }
    response.end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    on: (moment, work) => {
      waiting = { moment, work }
    },
    off: () => {
      waiting = undefined
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }
}
