/** Wires one process: a deployment, the bots, and the roles that it plays. */
import { loadAdapters } from '../adapters/index.ts'
import packageJson from '../package.json' with { type: 'json' }
import { addGauges } from './add-gauges.ts'
import { browserEnvironment, type Settings } from './config.ts'
import type { Adapter, Notice } from './core/adapter.ts'
import type { ManifestIssue } from './core/manifest-issue.ts'
import type { Bot } from './core/types.ts'
import { keptSecret } from './data-folder.ts'
import { type Deployment, openDeployment } from './deployment.ts'
import { createBreakers } from './engine/breakers.ts'
import { createCatalog, type FedCatalog } from './engine/catalog.ts'
import { createEngine } from './engine/create-engine.ts'
import { createHub } from './engine/hub.ts'
import { indexParked } from './engine/parked.ts'
import type { Parts } from './engine/parts.ts'
import { startSweeping } from './engine/sweep.ts'
import { startCallbacks } from './gateway/callbacks/start-callbacks.ts'
import { listen } from './gateway/listen.ts'
import { gatewaySettingsOf, namesIn } from './gateway-settings.ts'
import { firstOf } from './governance/authenticate.ts'
import { createKeyRing } from './governance/keys.ts'
import { createSealer } from './governance/sealer.ts'
import { createSecrets } from './governance/secrets.ts'
import type { Tokens } from './governance/tokens.ts'
import { ceilingsOf, engineSettingsOf, quotasOf } from './limits.ts'
import { watchBots } from './manifest/bots-folder.ts'
import { withCeilings } from './manifest/ceilings.ts'
import { loadManifest } from './manifest/load.ts'
import { openNetworks } from './open-networks.ts'
import { openFolders } from './private-files.ts'
import { refuseBot } from './refuse-bot.ts'
import { openTelemetry } from './telemetry/open-telemetry.ts'
import { seldom } from './telemetry/seldom.ts'
import type { Telemetry } from './telemetry/telemetry.ts'
import { tellOfChanges } from './tell-of-changes.ts'
import { startWorker } from './worker/worker.ts'

export interface Roles {
  readonly gateway: boolean
  readonly worker: boolean
  /** To be tried out, with sandboxes: where the machine lacks a safeguard, it says so and goes on. */
  readonly trial?: boolean | undefined
}

export interface System {
  /** Where the gateway listens; absent for a worker. */
  readonly url?: string
  readonly adminKey: string
  readonly catalog: FedCatalog
  /** Mistakes of the bots folder when it was read first. */
  readonly issues: readonly ManifestIssue[]
  /** The notices of its adapters about this machine. */
  readonly notices: readonly Notice[]
  /** Resolves when this process can do nothing more: end it, a new one may. */
  readonly broken: Promise<Error>
  /** Takes nothing more, finishes or hands back what it holds, then closes. */
  stop(): Promise<void>
}

/** Where a process gets its ports and adapters from; the fault campaign hands in wrapped ones. */
export interface Sources {
  readonly openDeployment: typeof openDeployment
  readonly loadAdapters: typeof loadAdapters
}

type Stop = () => Promise<void> | void

/** Things to undo, last opened first. */
class Undo {
  private readonly stops: Stop[] = []
  add(stop: Stop): void {
    this.stops.unshift(stop)
  }
  async run(): Promise<void> {
    for (const stop of this.stops.splice(0)) await stop()
  }
}

export async function startSystem(settings: Settings, roles: Roles, sources: Sources = { openDeployment, loadAdapters }): Promise<System> {
  const undo = new Undo()
  try {
    return await open({ settings, roles, sources, undo })
  } catch (error) {
    await undo.run().catch(() => undefined)
    throw error
  }
}

interface Opening {
  readonly settings: Settings
  readonly roles: Roles
  readonly sources: Sources
  readonly undo: Undo
}

async function open({ settings, roles, sources, undo }: Opening): Promise<System> {
  const deployment = await sources.openDeployment(settings)
  undo.add(() => close(deployment))
  // Closed before the deployment: its gauges read the queue once more.
  const telemetry = await openTelemetry({
    service: 'retrofit',
    version: packageJson.version,
    otlpEndpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: settings.LOG_LEVEL
  })
  undo.add(() => telemetry.close())
  const { DATA_DIR, SECRETS_DIR } = settings
  for (const warning of [...openNetworks(settings), ...openFolders({ DATA_DIR, SECRETS_DIR })]) telemetry.log.warn(warning)
  tellOfRefusals(deployment, telemetry)
  const adapters = await sources.loadAdapters(adapterOptions(settings, roles.trial === true))
  undo.add(() => closeAdapters(adapters))
  const notices = await noticesOf(adapters, telemetry)
  const { catalog, issues } = await openCatalog({ settings, deployment, adapters, telemetry, undo })
  const parts = engineParts({ settings, deployment, adapters, telemetry, catalog, undo })
  undo.add(startSweeping(parts))
  const adminKey = settings.RETROFIT_ADMIN_KEY || keptSecret(settings.DATA_DIR, { name: 'admin.key' })
  addGauges(parts)
  if (roles.worker) await addWorker(parts, settings, undo)
  const url = roles.gateway ? await addGateway(parts, { settings, adminKey, notices, undo, dataKey: deployment.dataKey }) : undefined
  const broken = deployment.broken ?? new Promise<Error>(() => undefined)
  return { ...(url === undefined ? {} : { url }), adminKey, catalog, issues, notices, broken, stop: () => undo.run() }
}

/** Somebody else writes to the ledger or the queue: counted, and told once in a while. */
function tellOfRefusals({ refusals }: Deployment, { log, gauge }: Telemetry): void {
  const warn = seldom(log)
  refusals.listen((what, why) => warn(why, `a foreign ${what} was refused`))
  gauge(
    'retrofit_foreign_refused',
    'What the ledger, its channel and the queue held that no process of this installation wrote',
    async () => refusals.counts().map(([what, count]) => [{ what }, count] as const)
  )
}

const adapterOptions = ({ CHROMIUM_PATH, CHROMIUM_SANDBOX }: Settings, isTrial: boolean) => ({
  environment: browserEnvironment(),
  chromiumSandbox: CHROMIUM_SANDBOX || (isTrial ? ('try' as const) : ('on' as const)),
  ...(CHROMIUM_PATH === '' ? {} : { chromiumPath: CHROMIUM_PATH })
})

/** A gateway has no browser of its own; what it says is how the workers that share its settings work. */
async function noticesOf(adapters: Readonly<Record<string, Adapter>>, { log }: Telemetry): Promise<readonly Notice[]> {
  const notices = (await Promise.all(Object.values(adapters).map(adapter => adapter.notices?.() ?? []))).flat()
  for (const { severity, message } of notices) log[severity === 'warning' ? 'warn' : 'info'](message)
  return notices
}

async function close({ store, queue }: Deployment): Promise<void> {
  await queue.close()
  await store.close()
}

async function closeAdapters(adapters: Readonly<Record<string, Adapter>>): Promise<void> {
  await Promise.allSettled(Object.values(adapters).map(adapter => adapter.close()))
}

interface CatalogFrom {
  readonly settings: Settings
  readonly deployment: Deployment
  readonly adapters: Readonly<Record<string, Adapter>>
  readonly telemetry: Telemetry
  readonly undo: Undo
}

const refreshMs = 1_000

async function openCatalog({
  settings,
  deployment,
  adapters,
  telemetry,
  undo
}: CatalogFrom): Promise<{ catalog: FedCatalog; issues: readonly ManifestIssue[] }> {
  const bounded = (bot: Bot) => withCeilings(bot, ceilingsOf(settings))
  const catalog = createCatalog({
    records: deployment.store.records,
    quotas: quotasOf(settings),
    neededVersions: deployment.store.neededVersions,
    parse: async (source, { file, name, tenant }) => {
      const { manifestEnv: env, TARGET_ORIGINS: targetOrigins } = settings
      const read = await loadManifest(source, { file, name, adapters, env, targetOrigins, trusted: tenant === undefined })
      return read.bot === undefined ? read : { ...read, bot: { ...bounded(read.bot), tenant } }
    },
    refuse: bot => refuseBot(createSecrets(settings.SECRETS_DIR), bot)
  })
  const issues: ManifestIssue[] = []
  const watching = await watchBots({
    directory: settings.BOTS_DIR,
    adapters,
    env: settings.manifestEnv,
    onChange: async ({ name, bot, issues: found, removed }) => {
      issues.push(...found)
      for (const issue of found)
        telemetry.log[issue.severity === 'error' ? 'error' : 'warn'](`${issue.file}:${issue.line}:${issue.column} ${issue.message}`)
      catalog.broken.note({ name, issues: bot === undefined && !removed ? found : [] })
      if (bot !== undefined) await tellOfChanges(await catalog.setFile(bounded(bot)), bot, telemetry)
      else if (removed) catalog.removeFile(name)
    }
  })
  undo.add(() => watching.close())
  await catalog.refresh()
  const timer = setInterval(
    () => catalog.refresh().catch(error => telemetry.log.warn({ err: error }, 'could not read the registered bots')),
    refreshMs
  )
  undo.add(() => clearInterval(timer))
  return { catalog, issues: [...issues] }
}

function engineParts({ settings, deployment, adapters, telemetry, catalog, undo }: CatalogFrom & { catalog: FedCatalog }): Parts {
  const { queue, dataKey } = deployment
  const store = indexParked(deployment.store)
  const hub = createHub(store)
  undo.add(() => hub.close())
  return {
    store,
    queue,
    catalog,
    adapters,
    telemetry,
    hub,
    sealer: createSealer(dataKey),
    secrets: createSecrets(settings.SECRETS_DIR),
    breakers: createBreakers(store, { failures: settings.BREAKER_FAILURES, restMs: settings.BREAKER_REST_MS }),
    settings: engineSettingsOf(settings)
  }
}

/** jose is loaded only where tokens are accepted. */
async function openTokens({ OIDC_ISSUER, OIDC_AUDIENCE, OIDC_TENANT_CLAIM, PUBLIC_URL }: Settings): Promise<Tokens | undefined> {
  if (OIDC_ISSUER === '') return undefined
  const { createTokens } = await import('./governance/tokens.ts')
  const address = PUBLIC_URL.replace(/(?<!\/)\/+$/, '')
  return createTokens({
    issuer: OIDC_ISSUER,
    audiences: OIDC_AUDIENCE === '' ? [address, `${address}/mcp`, `${address}/mcp/`] : namesIn(OIDC_AUDIENCE),
    tenantClaim: OIDC_TENANT_CLAIM === '' ? undefined : OIDC_TENANT_CLAIM
  })
}

async function addWorker(parts: Parts, settings: Settings, undo: Undo): Promise<void> {
  const bots = namesIn(settings.WORKER_BOTS)
  const worker = await startWorker(parts, {
    ...(bots.length === 0 ? {} : { bots }),
    concurrency: settings.WORKER_CONCURRENCY,
    graceMs: settings.SHUTDOWN_GRACE_MS
  })
  undo.add(() => worker.stop())
}

interface GatewayFrom {
  readonly settings: Settings
  readonly adminKey: string
  readonly notices: readonly Notice[]
  readonly undo: Undo
  readonly dataKey: string
}

async function addGateway(parts: Parts, { settings, adminKey, notices, undo, dataKey }: GatewayFrom): Promise<string> {
  const engine = createEngine(parts)
  const keys = createKeyRing({ records: parts.store.records, adminKey })
  const tokens = await openTokens(settings)
  const publicUrl = settings.PUBLIC_URL.replace(/(?<!\/)\/+$/, '')
  undo.add(startCallbacks({ parts, dataKey, keyOf: keys.find, publicUrl }))
  const server = await listen({
    engine,
    authenticate: firstOf(keys.authenticate, ...(tokens === undefined ? [] : [tokens.authenticate])),
    onKeysChanged: keys.onChange,
    telemetry: parts.telemetry,
    host: settings.HOST,
    port: settings.PORT,
    settings: gatewaySettingsOf(settings, notices)
  })
  undo.add(async () => {
    engine.drain()
    await server.close()
  })
  return server.url
}
