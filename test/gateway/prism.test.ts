/** Prism stands in front as a proxy and holds every answer against the published document: each status, media type and body is declared. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readContract } from '../../src/gateway/gateway.ts'
import { freePort } from '../setup/free-port.ts'
import { until } from '../setup/until.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'

interface Operation {
  readonly operationId: string
  readonly security?: readonly object[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, object>> }>>
}

const methods = ['get', 'put', 'post', 'patch', 'delete']
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

/** Of the document of who may call everything; here as in the contract, for each operation stands there once. */
const operations = Object.entries(readContract().paths as unknown as Paths).flatMap(([path, item]) =>
  methods
    .filter(method => item[method] !== undefined)
    .map(method => [`${method.toUpperCase()} ${path}`, item[method] as Operation] as const)
)

const manifest =
  'bot: late\nversion: 1.0.0\ntitle: Late\nadapter: echo\ntarget: { url: "http://127.0.0.1:9" }\nactions:\n  ask: { title: Ask, description: Asks., effect: read, scopes: [late:read], input: { type: object }, output: { type: object } }\n'
/** What fits the operations that take a body. */
const bodies: Readonly<Record<string, string>> = {
  callAction: '{"text":"hello"}',
  callMcp: '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}',
  resolveRun: '{"outcome":"not_done"}',
  createSession: '{"variables":{"intent":"dispute"}}',
  putSession: '{"variables":{"intent":"dispute"}}',
  patchSession: '{"variables":{"intent":null}}',
  putBot: manifest,
  checkBot: manifest
}
/** That say more than yes where it may. */
const queries: Readonly<Record<string, string>> = { listTools: '?format=openai', checkBot: '?agents=true', getSession: '?view=context' }

interface Request {
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  /** Prism answers nothing to a body that is no JSON. */
  readonly past?: true
}

let gateway: OpenGateway
let prism: ChildProcess
let proxy: string
let folder: string
let paths: Paths
let named: Readonly<Record<string, string>>
let keys: { readonly all: string; readonly none: string }
beforeAll(async () => {
  gateway = await openGateway({
    settings: { maxBodyBytes: 2_000, botsOverHttp: 'tenant', maxCallsPerSecond: 0, maxFailedAuthentications: 0 }
  })
  keys = { all: `Bearer ${gateway.adminKey}`, none: await gateway.bearer(['nothing:at_all']) }
  const document = (await gateway.call('/openapi.json')).json
  // One declaration is taken away, so that it shows whether anybody looks.
  delete document.paths['/v1/runs/{runId}'].get.responses[200].content['text/plain']
  paths = resolved(document)
  folder = mkdtempSync(join(tmpdir(), 'retrofit-prism-'))
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(document))
  const port = await freePort()
  proxy = `http://127.0.0.1:${port}`
  const args = ['proxy', join(folder, 'openapi.json'), gateway.url, '--port', String(port), '--validate-request=false', '-v', 'silent']
  prism = spawn(process.execPath, [join('node_modules', '.bin', 'prism'), ...args], { stdio: 'ignore' })
  await until('Prism listens', () =>
    fetch(`${proxy}/healthz`).then(
      ({ ok }) => ok,
      () => false
    )
  )
  const run = await gateway.call('/v1/actions/demo_echo', { body: { text: 'x' } })
  const session = await gateway.call('/v1/sessions', { body: {} })
  named = {
    action: 'demo_echo',
    runId: run.headers.get('run-id') as string,
    sessionId: session.json.sessionId,
    bot: 'late',
    name: 'none.png'
  }
})
afterAll(async () => {
  const gone = once(prism, 'exit')
  prism.kill()
  await gone
  await gateway.close()
  rmSync(folder, { recursive: true })
})

/** Each answer as it is, where the document has it among its components. */
function resolved({ paths: written, components }: { paths: Paths; components: { responses: Readonly<Record<string, object>> } }): Paths {
  const responseOf = (one: object) =>
    components.responses[
      String((one as { $ref?: string }).$ref)
        .split('/')
        .at(-1) as string
    ] ?? one
  const replace = (_: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && '$ref' in value && String(value.$ref).startsWith('#/components/responses/')
      ? responseOf(value)
      : value
  return JSON.parse(JSON.stringify(written, replace)) as Paths
}

const fill = (path: string, values = named): string => path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'x')

/** The same operation asked well, and in every way that it refuses. */
function variants(line: string, { operationId, requestBody }: Operation): readonly Request[] {
  const [method = '', template = ''] = line.split(' ')
  const query = queries[operationId] ?? ''
  const path = `${fill(template)}${query}`
  const asked = {
    ...(requestBody !== undefined && { 'content-type': bodies[operationId] === manifest ? 'application/yaml' : 'application/json' }),
    ...(operationId === 'callMcp' && { accept: 'application/json, text/event-stream' })
  }
  const good = { path, method, headers: { authorization: keys.all, ...asked }, body: bodies[operationId] }
  const refused = [
    { ...good, headers: asked },
    { ...good, headers: { ...good.headers, authorization: 'Bearer of-nobody' } },
    { ...good, headers: { ...good.headers, accept: 'application/x-nothing' } },
    { ...good, headers: { ...good.headers, origin: 'https://elsewhere.example' } },
    // Any query is taken there, and a stream lasts as long as its client.
    ...(operationId === 'listenMcp' ? [] : [{ ...good, path: `${path}${path.includes('?') ? '&' : '?'}nonsense=1` }])
  ]
  const ofBody = [
    { ...good, body: '{"half":', past: true as const },
    { ...good, body: '{}' },
    { ...good, body: '[]' },
    { ...good, body: `{"text":"${'x'.repeat(3_000)}"}` },
    { ...good, headers: { ...good.headers, 'content-type': 'text/csv' } }
  ]
  const missing = { ...good, path: `${fill(template, nobody)}${query}` }
  const narrow = { ...good, headers: { ...good.headers, authorization: keys.none } }
  return [
    ...refused,
    ...(requestBody === undefined ? [] : ofBody),
    ...(operationId === 'callAction' ? calls(good) : []),
    ...(template.includes('{') && operationId !== 'callAction' ? [missing] : []),
    // A stream that lasts as long as its client.
    ...(operationId === 'listenMcp' ? [] : [narrow, good])
  ]
}

const nobody = { runId: 'run_000000000000000000000', sessionId: 'ses_0000000000000000', bot: 'nobody' }

const calls = (good: Request): readonly Request[] => [
  { ...good, path: `${good.path}?dryRun=true` },
  { ...good, headers: { ...good.headers, prefer: 'respond-async' }, body: '{"text":"later"}' },
  { ...good, headers: { ...good.headers, 'bot-version': '0'.repeat(64) } },
  { ...good, headers: { ...good.headers, 'session-id': 'ses_0000000000000000' } },
  ...['demo_pay', 'demo_note', 'demo_odd', 'demo_broken', 'demo_lost'].flatMap(name => [
    { ...good, path: `/v1/actions/${name}`, body: '{"text":"x","to":{"name":"Ada"},"amount":1}' },
    {
      ...good,
      path: `/v1/actions/${name}`,
      body: name === 'demo_pay' ? '{"to":{"name":"Ada"},"amount":1}' : '{"text":"x"}',
      headers: { ...good.headers, 'idempotency-key': `of-${name}` }
    }
  ])
]

async function undeclared({ path, method, headers, body, past }: Request): Promise<string | undefined> {
  const answer = await fetch(`${past ? gateway.url : proxy}${path}`, {
    method,
    headers,
    signal: AbortSignal.timeout(30_000),
    ...(body !== undefined && { body })
  })
  const text = await answer.text()
  const found = JSON.parse(answer.headers.get('sl-violations') ?? '[]') as readonly {
    readonly location: readonly string[]
    readonly message: string
  }[]
  const [at = ''] = path.split('?')
  const item =
    paths[at] ?? Object.entries(paths).find(([template]) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(at))?.[1]
  const response = item?.[method.toLowerCase()]?.responses[answer.status]
  // Prism takes every `+json` for JSON, and holds it against what stands first.
  const isOther = Object.keys(response?.content ?? {}).indexOf(answer.headers.get('content-type') ?? '') > 0
  const wrong = [
    ...found
      .filter(({ location }) => location[0] === 'response' && !isOther)
      .map(({ location, message }) => `${location.join('.')}: ${message}`),
    ...(response === undefined ? ['the status is not declared'] : [])
  ]
  return wrong.length === 0 ? undefined : `${method} ${path} ${answer.status} ${text.slice(0, 200)} → ${wrong.join('; ')}`
}

test.each(operations)('%s answers nothing that the document does not declare', async (line, operation) => {
  const wrong: string[] = []
  for (const request of variants(line, operation)) {
    const said = await undeclared(request)
    if (said !== undefined) wrong.push(said)
  }
  expect(wrong).toEqual([])
})

test('Prism sees an answer that is not declared', async () => {
  const said = await undeclared({
    path: `/v1/runs/${named.runId}?view=text`,
    method: 'GET',
    headers: { authorization: keys.all }
  })
  expect(said).toContain('text/plain')
})
