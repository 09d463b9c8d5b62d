/** A gateway on the real engine: SQLite in memory, the echo adapter, a worker in the same process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdapter } from '../../adapters/echo/adapter.ts'
import type { Records } from '../../src/core/ports.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteQueue } from '../../src/drivers/sqlite/queue.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { createBreakers } from '../../src/engine/breakers.ts'
import { createCatalog, type FedCatalog } from '../../src/engine/catalog.ts'
import { createEngine } from '../../src/engine/create-engine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { createHub } from '../../src/engine/hub.ts'
import type { Parts } from '../../src/engine/parts.ts'
import type { Quotas } from '../../src/engine/quotas.ts'
import { startSweeping } from '../../src/engine/sweep.ts'
import { type CallbackOptions, startCallbacks } from '../../src/gateway/callbacks/start-callbacks.ts'
import { listen } from '../../src/gateway/listen.ts'
import type { GatewaySettings } from '../../src/gateway/settings.ts'
import { createKeyRing, type KeyRing } from '../../src/governance/keys.ts'
import { createSealer } from '../../src/governance/sealer.ts'
import { createSecrets } from '../../src/governance/secrets.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { refuseBot } from '../../src/refuse-bot.ts'
import { openTelemetry } from '../../src/telemetry/open-telemetry.ts'
import { startWorker } from '../../src/worker/worker.ts'

export interface OpenGateway {
  readonly url: string
  readonly adminKey: string
  readonly keys: KeyRing
  readonly engine: Engine
  readonly parts: Parts
  /** Bearer header of a new key. */
  bearer(scopes: readonly string[], tenant?: string): Promise<string>
  call(path: string, request?: CallOptions): Promise<Answer>
  /** Only the server. */
  closeServer(): Promise<void>
  close(): Promise<void>
}

export interface CallOptions {
  readonly method?: string
  readonly body?: unknown
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
  /** Absent: the admin key; null: none. */
  readonly authorization?: string | null
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly json: any
}

export interface OpenOptions {
  readonly settings?: Partial<GatewaySettings>
  readonly manifests?: readonly string[]
  readonly worker?: boolean
  readonly quotas?: Quotas
  /** Files of credentials, by name. */
  readonly secrets?: Readonly<Record<string, JsonObject>>
  /** Where keys are kept; its own ledger when left out. */
  readonly keysIn?: Records
  /** Sends callbacks, also to these origins. */
  readonly callbacks?: { readonly origins: readonly string[]; readonly times?: CallbackOptions['times'] }
}

const adminKey = 'admin-key-of-the-tests'
export const dataKey = 'a secret of the tests, at least 32 characters'

export async function openGateway({
  settings = {},
  manifests = [echoManifest],
  worker = true,
  quotas,
  secrets = {},
  keysIn,
  callbacks
}: OpenOptions = {}): Promise<OpenGateway> {
  const sqlite = openSqlite({ path: ':memory:' })
  const store = openSqliteStore(sqlite)
  const queue = openSqliteQueue(sqlite)
  const adapters = { echo: createAdapter() }
  const telemetry = await openTelemetry({ service: 'retrofit', version: '0.0.0', logLevel: 'silent' })
  const load = (source: string, file: string, name?: string) =>
    loadManifest(source, {
      file,
      adapters,
      env: () => undefined,
      targetOrigins: ['http://127.0.0.1:9'],
      ...(name === undefined ? {} : { name })
    })
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
  for (const [name, content] of Object.entries(secrets)) writeFileSync(join(folder, `${name}.json`), JSON.stringify(content))
  const known = createSecrets(folder)
  const catalog = createCatalog({
    records: store.records,
    quotas,
    parse: async (source, { file, name, tenant }) => {
      const read = await load(source, file, name)
      return read.bot === undefined ? read : { ...read, bot: { ...read.bot, tenant } }
    },
    refuse: bot => refuseBot(known, bot)
  })
  await addFiles(catalog, manifests, load)
  await catalog.refresh()
  const hub = createHub(store)
  const parts: Parts = {
    store,
    queue,
    catalog,
    adapters,
    telemetry,
    hub,
    sealer: createSealer(dataKey),
    secrets: known,
    breakers: createBreakers(store, { failures: 1_000, restMs: 1_000 }),
    settings: { worker: 'test', leaseMs: 10_000, sweepMs: 100, quotas, callbackOrigins: callbacks?.origins }
  }
  const engine = createEngine(parts)
  const keys = createKeyRing({ records: keysIn ?? store.records, adminKey })
  const stopSweeping = startSweeping(parts)
  const stopCallbacks =
    callbacks && startCallbacks({ parts, dataKey, keyOf: keys.find, publicUrl: 'https://retrofit.example', times: callbacks.times })
  const working = worker ? await startWorker(parts, { concurrency: 64, graceMs: 1_000 }) : undefined
  const server = await listen({
    engine,
    authenticate: keys.authenticate,
    onKeysChanged: keys.onChange,
    telemetry,
    host: '127.0.0.1',
    port: 0,
    settings: { drainMs: 300, ...settings }
  })
  return {
    url: server.url,
    adminKey,
    keys,
    engine,
    parts,
    bearer: async (scopes, tenant = 'default') => `Bearer ${(await keys.create({ name: 'test', tenant, scopes })).key}`,
    call: (path, request) => call(`${server.url}${path}`, request),
    closeServer: () => server.close(),
    close: async () => {
      await server.close()
      await working?.stop()
      await stopCallbacks?.()
      await stopSweeping()
      hub.close()
      await queue.close()
      await store.close()
      await telemetry.close()
      rmSync(folder, { recursive: true })
    }
  }
}

async function addFiles(
  catalog: FedCatalog,
  manifests: readonly string[],
  load: (source: string, file: string) => ReturnType<typeof loadManifest>
): Promise<void> {
  for (const source of manifests) {
    const { bot, issues } = await load(source, 'bot.yaml')
    if (bot === undefined) throw new Error(JSON.stringify(issues, null, 2))
    await catalog.setFile(bot)
  }
}

async function call(url: string, { method, body, raw, headers = {}, authorization }: CallOptions = {}): Promise<Answer> {
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const token = authorization === undefined ? `Bearer ${adminKey}` : authorization
  const response = await fetch(url, {
    method: method ?? (content === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token === null ? {} : { authorization: token }),
      ...(content === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers
    },
    ...(content === undefined ? {} : { body: content })
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  return { status: response.status, headers: response.headers, text, json: isJson && text !== '' ? JSON.parse(text) : undefined }
}

export const echoManifest = `
bot: demo
version: 1.0.0
title: Demo desk
description: A target that answers what it is asked.
adapter: echo
target:
  url: http://127.0.0.1:9
  waiting: 50
actions:
  echo:
    title: Say it again
    description: Answers the text that it was given.
    effect: read
    scopes: [demo:read]
    example: { text: hello }
    input: &text
      type: object
      required: [text]
      additionalProperties: false
      properties:
        text: { type: string, maxLength: 100000, description: What to say. }
        list: { type: array, items: { type: number } }
    output: *text
  slow:
    title: Take your time
    description: Answers after two seconds.
    effect: read
    scopes: [demo:read]
    input: { type: object, additionalProperties: false, properties: { text: { type: string } } }
    output: { type: object }
    delay: 2s
  odd:
    title: Answer something else
    description: What it answers does not fit its output schema.
    effect: read
    scopes: [demo:read]
    input: { type: object }
    output: { type: object, required: [count], properties: { count: { type: number } } }
    retry: { attempts: 1 }
    result: { count: many }
  pay:
    title: Pay somebody
    description: Has an effect that can not be undone.
    effect: irreversible
    scopes: [demo:read, payments:write]
    example: { to: { name: Ada, home: { street: Main Street } }, amount: 12.5 }
    input:
      type: object
      required: [to, amount]
      additionalProperties: false
      properties:
        to: { $ref: '#/$defs/Person' }
        amount: { type: number, exclusiveMinimum: 0 }
      $defs:
        Address: { type: object, properties: { street: { type: string } } }
        Person: { type: object, required: [name], properties: { name: { type: string }, home: { $ref: '#/$defs/Address' } } }
    output: { type: object }
    commit: true
    errors:
      no_such_payee: { status: 404, title: No such payee, hint: Check the name. }
  note:
    title: Write a note
    description: The text says which note it is.
    effect: write
    scopes: [demo:write]
    idempotency: { key: [text] }
    input:
      type: object
      required: [text]
      properties:
        text: { type: string }
        by: { $ref: '#/$defs/Person' }
      $defs:
        Person: { type: string }
    output: { type: object }
    commit: true
  broken:
    title: Fail always
    description: Fails before anything is done.
    effect: write
    scopes: [demo:write]
    input: { type: object }
    output: { type: object }
    commit: true
    retry: { attempts: 1 }
    fail: { times: 9, message: The portal answered 500 }
  lost:
    title: Break after the effect
    description: Nobody can tell what happened.
    effect: irreversible
    scopes: [demo:write]
    input: { type: object }
    output: { type: object }
    commit: true
    settle: 10ms
    fail: { times: 9, when: after, message: The connection broke }
`
