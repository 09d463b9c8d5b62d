/** The one table of settings; the only place that reads the environment. README's table is tested against it. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isSafeAddress } from './core/safe-address.ts'

interface Setting<T> {
  readonly default: string
  /** One line for README and `--help`. */
  readonly says: string
  readonly secret?: true
  parse(text: string): T
}

const text = (initial: string, says: string): Setting<string> => ({ default: initial, says, parse: value => value })
const secret = (says: string): Setting<string> => ({ ...text('', says), secret: true })

function integer(initial: number, range: readonly [number, number], says: string): Setting<number> {
  const [least, most] = range
  return {
    default: String(initial),
    says,
    parse: value => {
      const number = Number(value)
      if (!Number.isInteger(number) || number < least || number > most) throw new Error(`must be a whole number from ${least} to ${most}`)
      return number
    }
  }
}

/** A limit for each tenant; 0 sets none. */
const quota = (initial: number, most: number, says: string): Setting<number> => integer(initial, [0, most], `${says}; 0: no limit`)

const flag = (says: string): Setting<boolean> => ({
  default: 'false',
  says,
  parse: value => {
    if (value !== 'true' && value !== 'false') throw new Error('must be true or false')
    return value === 'true'
  }
})

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*\*?$/

/** Names of the environment, with commas; one that ends with `*` stands for all that begin so. */
const environmentNames = (initial: string, says: string): Setting<readonly string[]> => ({
  default: initial,
  says,
  parse: value => {
    const names = value
      .split(',')
      .map(name => name.trim())
      .filter(name => name !== '')
    const bad = names.find(name => !namePattern.test(name))
    if (bad !== undefined) throw new Error('must be names with commas, as BOT_*,ORDERS_URL')
    return names
  }
})

const issuer = (says: string): Setting<string> => ({
  default: '',
  says,
  parse: value => {
    if (value !== '' && (/[?#@]/.test(value) || !isSafeAddress(value)))
      throw new Error('must be an https address (http on loopback) without query and fragment')
    return value
  }
})

const oneOf = <const T extends string>(choices: readonly [T, ...T[]], says: string): Setting<T> => ({
  default: choices[0],
  says,
  parse: value => {
    const known = choices.find(one => one === value)
    if (known === undefined) throw new Error(`must be one of ${choices.filter(one => one !== '').join(', ')}`)
    return known
  }
})

const origins = (says: string): Setting<readonly string[]> => ({
  default: '',
  says,
  parse: value => {
    const entries = value.split(',').flatMap(entry => entry.trim() || [])
    const wrong = entries.find(
      entry => !/^https?:\/\/[^*]+$/.test(entry) || !URL.canParse(entry) || new URL(entry).href !== `${new URL(entry).origin}/`
    )
    if (wrong !== undefined) throw new Error(`must be origins such as https://portal.corp.example:8443, with commas: ${wrong} is none`)
    return entries.map(entry => new URL(entry).origin)
  }
})

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const level = (initial: (typeof levels)[number], says: string): Setting<(typeof levels)[number]> => ({
  default: initial,
  says,
  parse: value => {
    const known = levels.find(one => one === value)
    if (known === undefined) throw new Error(`must be one of ${levels.join(', ')}`)
    return known
  }
})

const minute = 60_000
const day = 24 * 60 * minute

export const settingsTable = {
  HOST: text('127.0.0.1', 'address to listen on'),
  PORT: integer(8080, [0, 65_535], 'port to listen on; 0 takes a free one'),
  PUBLIC_URL: text(
    '',
    'address under which clients reach this service, and which the published OpenAPI document names as its server; empty: `/`'
  ),
  DATA_DIR: text(
    '.retrofit',
    'where the embedded ledger, the keys that are made at the first start, and the sandboxes keep their files; they are made for their owner alone, and a start warns where others may look into this folder'
  ),
  BOTS_DIR: text('bots', 'folder of the bots: `<bot>/bot.yaml`'),
  MANIFEST_ENV: environmentNames(
    'BOT_*,TELLER_URL,COREBANK_URL',
    'names of environment variables that manifests may use, with commas; `BOT_*` stands for all that begin with `BOT_`; never one of these settings'
  ),
  BOTS_OVER_HTTP: oneOf(
    ['admin', 'off', 'tenant'],
    'who may register bots with `PUT /v1/bots/{bot}`: `admin` (keys with all scopes), `off` (nobody) or `tenant` (each tenant its own, with `bots:write`)'
  ),
  SECRETS_DIR: text('', 'folder of the credentials: `<name>.json`; empty: `secrets` in DATA_DIR'),
  TARGET_ORIGINS: origins(
    'origins on private networks that bots over HTTP may reach beside public addresses, with commas; bots of BOTS_DIR reach any'
  ),
  CALLBACK_ORIGINS: origins(
    'origins on private networks that callbacks may reach beside public addresses, with commas; http on loopback alone'
  ),
  RABBITMQ_URL: secret('AMQP address; with REDIS_URL it chooses the distributed deployment'),
  REDIS_URL: secret('address of the ledger in the distributed deployment'),
  RABBITMQ_CA: text('', 'PEM file with the certificates of the CA of an `amqps://` broker; empty: the CAs that Node trusts'),
  REDIS_CA: text('', 'the same for a `rediss://` ledger'),
  REDIS_ASSUME_DURABLE: flag(
    'do not ask Redis for its settings (managed ones may not tell); you vouch for `appendfsync always` and `noeviction`'
  ),
  RETROFIT_NAMESPACE: text('retrofit', 'begins every Redis key and RabbitMQ queue, so that several installations can share them'),
  RETROFIT_ADMIN_KEY: secret('the key with all scopes; empty: one is made, kept in DATA_DIR and printed at start'),
  OIDC_ISSUER: issuer('OAuth or OpenID issuer whose access tokens (JWT) are accepted beside keys; empty: none'),
  OIDC_AUDIENCE: text('', 'what tokens must be meant for (`aud`), one of these, with commas; empty: PUBLIC_URL, or its `/mcp`'),
  OIDC_TENANT_CLAIM: text('', 'claim of a token that names its tenant, refused without it; empty: all are of the tenant `default`'),
  RETROFIT_DATA_KEY: secret(
    'seals values marked `x-sensitive` and signs keys, bots, sessions and runs, at least 32 characters; empty: one is made and kept in DATA_DIR (embedded only)'
  ),
  CHROMIUM_PATH: text('', 'browser of the playwright adapter; empty: the one that is found'),
  CHROMIUM_SANDBOX: oneOf(
    ['', 'on', 'off'],
    "`on`: the browser has Chromium's own sandbox, or does not start; `off`: it has none, for a machine that is there for it alone; empty: `on`, and `up --sandbox` goes without where the machine forbids it, and says so"
  ),
  WORKER_BOTS: text('', 'bots that a worker serves, with commas; empty: all'),
  WORKER_CONCURRENCY: integer(64, [1, 4_096], 'most runs at once of a bot whose target sets no `concurrency`'),
  MCP_OUTPUT_CHARACTERS: integer(
    200,
    [0, 1_000_000],
    'longest output schema, in characters, that MCP lists with a tool; `describe_action` and `/openapi.json` have all of them'
  ),
  MCP_TOOL_LIMIT: integer(60, [1, 10_000], 'most actions that MCP lists as tools; more are found with `search_actions`'),
  RESULT_TOKENS: quota(
    20_000,
    10_000_000,
    'most tokens of a result over MCP and with `view=text`; what is longer is cut, and says how to go on'
  ),
  MCP_HOSTS: text(
    '',
    'names beside loopback, HOST and PUBLIC_URL under which clients reach this service, with commas, `*.bank.example` for all below; others are refused. When HOST is not loopback, addresses and names that nobody can register (`gateway`, `*.svc`, `*.internal`) are taken too'
  ),
  CORS_ORIGINS: origins(
    'origins whose pages may call this service from a browser, with commas, as `https://app.bank.example`; empty: none'
  ),
  WAIT_MS: integer(25_000, [0, 10 * minute], 'how long a call waits for its run before it answers 202'),
  MAX_BODY_BYTES: integer(1_048_576, [1_024, 64 * 1_048_576], 'largest body of a call'),
  RATE_LIMIT: integer(1_000, [0, 1_000_000], 'most calls of one key in a second, for each gateway; 0: no limit'),
  AUTH_FAILURES: integer(
    100,
    [0, 1_000_000],
    'most keys from one address that are refused in a minute, before it has to wait; 0: no limit'
  ),
  TRUST_PROXY: integer(
    0,
    [0, 10],
    'how many proxies stand in front and add to `X-Forwarded-For`, which tells them apart; 0: the header is not believed, and clients of one proxy share its address'
  ),
  MAX_RUN_MS: integer(60 * minute, [1_000, 30 * day], 'ceiling over `timeouts.run` of every manifest'),
  MAX_QUEUE_MS: integer(day, [1_000, 30 * day], 'ceiling over `timeouts.queue` of every manifest'),
  MAX_KEPT_MS: integer(90 * day, [minute, 400 * day], 'ceiling over `idempotency.ttl` of every manifest'),
  MAX_ATTEMPTS: integer(20, [1, 20], 'ceiling over `retry.attempts` of every manifest'),
  TENANT_WAITING: quota(10_000, 1_000_000, 'most runs of one tenant that wait, over all bots'),
  TENANT_CONCURRENCY: quota(256, 100_000, 'most runs of one tenant at work at once, over all bots and workers; more of them wait'),
  TENANT_SESSIONS: quota(100_000, 10_000_000, 'most sessions of one tenant'),
  TENANT_SCREENS: quota(64, 10_000, 'most screens that the sessions of one tenant have pinned at once'),
  TENANT_STREAMS: quota(256, 100_000, 'most event streams of one tenant that are open at once'),
  TENANT_STORED_MIB: quota(10_240, 100_000_000, 'most MiB of runs and their files that one tenant has in the ledger'),
  TENANT_BOTS: quota(200, 100_000, 'most bots of one tenant that are registered over HTTP'),
  BOT_VERSIONS: quota(
    200,
    100_000,
    'most versions of one registered bot that are kept: the newest ten, those of the last ten minutes, those that runs need'
  ),
  LEASE_MS: integer(10_000, [500, 10 * minute], 'a run whose worker is silent this long is taken over'),
  SWEEP_MS: integer(1_000, [50, minute], 'how often runs are looked for that were left behind'),
  BREAKER_FAILURES: integer(
    10,
    [1, 10_000],
    'failures of a target (not reached, 5xx, no answer in time) among the last twice as many attempts after which it gets a rest: for all when at least two callers had them, else for the one'
  ),
  BREAKER_REST_MS: integer(10_000, [100, 60 * minute], 'how long that rest is'),
  SHUTDOWN_GRACE_MS: integer(20_000, [0, 10 * minute], 'how long running attempts may go on when the process stops'),
  LOG_LEVEL: level('info', 'least severe log lines to write'),
  OPENAI_BASE_URL: text('', "endpoint of `retrofit chat`, any that is OpenAI-compatible; empty: OpenAI's own"),
  OPENAI_API_KEY: secret('its key; local endpoints often need none'),
  OPENAI_MODEL: text('', 'the model that it shall use; empty: the only one that the endpoint offers'),
  OTEL_EXPORTER_OTLP_ENDPOINT: text(
    '',
    "where traces and metrics are sent over OTLP/HTTP; empty: nowhere. Of OpenTelemetry's other variables, those of headers, time-outs, compression, sampler and resource hold as well"
  )
} as const satisfies Record<string, Setting<unknown>>

export type SettingName = keyof typeof settingsTable

export type Settings = { readonly [Name in SettingName]: ReturnType<(typeof settingsTable)[Name]['parse']> } & {
  /** The value of a variable that a manifest lists; null where MANIFEST_ENV does not let manifests read it, or it is a setting of ours. */
  manifestEnv(name: string): string | undefined | null
  isInEnvironment(name: string): boolean
  /** Names this process in leases and logs. */
  readonly processName: string
}

/** Every mistake at once, by name. */
export class SettingsError extends Error {}

export function readSettings(environment: Readonly<Record<string, string | undefined>> = process.env): Settings {
  const mistakes: string[] = []
  const values = Object.entries(settingsTable).map(([name, setting]) => {
    const given = environment[name]
    try {
      return [name, setting.parse(given === undefined || given === '' ? setting.default : given)]
    } catch (error) {
      mistakes.push(`${name} ${(error as Error).message}${'secret' in setting ? '' : `, not ${JSON.stringify(given)}`}`)
      return [name, undefined]
    }
  })
  const settings = Object.fromEntries(values) as Settings
  mistakes.push(...contradictions(settings))
  if (mistakes.length > 0) throw new SettingsError(`The settings have mistakes:\n${mistakes.map(mistake => `  ${mistake}`).join('\n')}`)
  return {
    ...settings,
    SECRETS_DIR: settings.SECRETS_DIR === '' ? join(settings.DATA_DIR, 'secrets') : settings.SECRETS_DIR,
    manifestEnv: name => (!Object.hasOwn(settingsTable, name) && isListed(settings.MANIFEST_ENV, name) ? environment[name] : null),
    isInEnvironment: name => (environment[name] ?? '') !== '',
    processName: `${hostname()}:${process.pid}:${Date.now().toString(36)}`
  }
}

const isListed = (list: readonly string[], name: string): boolean =>
  list.some(one => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one))

function contradictions(settings: Settings): string[] {
  const { REDIS_URL, REDIS_CA, RABBITMQ_URL, RABBITMQ_CA, RETROFIT_DATA_KEY, RETROFIT_ADMIN_KEY, MANIFEST_ENV } = settings
  const nobody = settings.OIDC_ISSUER !== '' && settings.OIDC_AUDIENCE === '' && settings.PUBLIC_URL === ''
  const own = MANIFEST_ENV?.find(isSetting)
  const rules: readonly (readonly [isBroken: boolean, said: string])[] = [
    [(RABBITMQ_URL === '') !== (REDIS_URL === ''), 'RABBITMQ_URL and REDIS_URL belong together: set both (distributed) or none (embedded)'],
    [REDIS_CA !== '' && !REDIS_URL.startsWith('rediss:'), 'REDIS_CA needs a REDIS_URL with rediss://'],
    [RABBITMQ_CA !== '' && !RABBITMQ_URL.startsWith('amqps:'), 'RABBITMQ_CA needs a RABBITMQ_URL with amqps://'],
    [nobody, 'OIDC_ISSUER needs OIDC_AUDIENCE or PUBLIC_URL: which tokens are meant for this service?'],
    [RETROFIT_DATA_KEY !== '' && RETROFIT_DATA_KEY.length < 32, 'RETROFIT_DATA_KEY must have at least 32 characters'],
    [RETROFIT_ADMIN_KEY !== '' && RETROFIT_ADMIN_KEY.length < 16, 'RETROFIT_ADMIN_KEY must have at least 16 characters'],
    [own !== undefined, `MANIFEST_ENV names ${own}, which is a setting of Retrofit: no manifest may read it`]
  ]
  return rules.filter(([isBroken]) => isBroken).map(([, said]) => said)
}

/** Names that any program may know: where programs are, the language, the clock. No name that could hold a secret. */
const harmless = /^(PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ)$/

const picked = (isAllowed: (name: string) => boolean): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && isAllowed(entry[0]))
  )

/** The environment of the browser, which makes its own home; pages may get to read it. */
export const browserEnvironment = (): Record<string, string> => picked(name => harmless.test(name) || name.startsWith('FONTCONFIG_'))

/** What a browser with a window needs beside: which screen it is, and the right to draw on it. */
export const windowEnvironment = (): Record<string, string> => picked(name => name === 'DISPLAY' || name === 'XAUTHORITY')

const ofSandboxes = new Set(['TMPDIR', 'FAULTS', 'NOTIFY', 'SESSION_TTL_MS', 'SINGLE_LOGIN', 'MAINTENANCE'])

/** The environment of a bot's sandbox: names that begin with the bot's name are its own, unless they are settings of ours. */
export const sandboxEnvironment = (bot: string, set: Readonly<Record<string, string>>): Record<string, string> => ({
  ...picked(name => harmless.test(name) || ofSandboxes.has(name) || (name.startsWith(`${bot.toUpperCase()}_`) && !isSetting(name))),
  ...set
})

const isSetting = (name: string): boolean => Object.hasOwn(settingsTable, name)
