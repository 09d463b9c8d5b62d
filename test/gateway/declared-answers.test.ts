/** Every answer that the gateway gives to an operation is declared in the document: its status, its media type, and the form of its JSON. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormatsModule from 'ajv-formats'
import { type OpenGateway, openGateway } from './open-gateway.ts'
import { rawHttp } from './raw-http.ts'

const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default
// biome-ignore lint/suspicious/noExplicitAny: documents of any shape are looked into
type Any = any

const desk = `
bot: desk
version: 1.0.0
title: Desk
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
  say:
    title: Say it again
    description: Answers the text that it was given.
    effect: read
    scopes: [desk:read]
    example: { text: hello }
    input: &text { type: object, required: [text], additionalProperties: false, properties: { text: { type: string } } }
    output: *text
    errors: { no_such_text: { status: 404, title: No such text } }
  lost:
    title: Break after the effect
    description: Nobody can tell what happened.
    effect: irreversible
    scopes: [desk:write]
    input: { type: object }
    output: { type: object }
    commit: true
    settle: 10ms
    fail: { times: 9, when: after, message: The connection broke }
`

const extra = `bot: extra
version: 1.0.0
title: Extra
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
  ask: { title: Ask, description: Asks., effect: read, scopes: [extra:read], input: { type: object }, output: { type: object } }
`

let gateway: OpenGateway
let document: Any
let runId: string
let lostId: string
let sessionId: string
beforeAll(async () => {
  gateway = await openGateway({ manifests: [desk], settings: { heartbeatMs: 200 } })
  document = (await gateway.call('/openapi.json')).json
  const echo = await gateway.call('/v1/actions/desk_say', { body: { text: 'x' } })
  runId = echo.headers.get('run-id') as string
  const lost = await gateway.call('/v1/actions/desk_lost', { body: {}, headers: { 'idempotency-key': 'lost' } })
  lostId = lost.headers.get('run-id') as string
  await gateway.parts.store.artifacts.put(runId, 'note.txt', { content: Buffer.from('x'), mediaType: 'text/plain' })
  sessionId = (await gateway.call('/v1/sessions', { body: {} })).json.sessionId
})
afterAll(() => gateway.close())

interface Operation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly parameters: readonly Any[]
  readonly body: Any
  readonly responses: Any
  readonly open: boolean
}

const follow = (value: Any): Any =>
  value?.$ref === undefined
    ? value
    : value.$ref
        .slice(2)
        .split('/')
        .reduce((at: Any, name: string) => at[name], document)

const operations = (): readonly Operation[] =>
  Object.entries(document.paths as Any).flatMap(([path, item]: [string, Any]) =>
    Object.entries(item)
      .filter(([method]) => method !== 'parameters')
      .map(([method, operation]: [string, Any]) => ({
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(follow),
        body: follow(operation.requestBody)?.content,
        responses: operation.responses,
        open: operation.security?.length === 0
      }))
  )

interface Asked {
  readonly path: string
  readonly method: string
  readonly raw?: string
  readonly headers: Record<string, string>
  readonly authorization?: string | null
}

/** What the document itself gives as an example, with what exists here in its path. */
function usual({ id, method, path, parameters, body }: Operation): Asked {
  const ids: Record<string, string> = {
    runId: id === 'resolveRun' || id === 'probeRun' ? lostId : runId,
    sessionId,
    name: 'note.txt',
    bot: 'extra'
  }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'x')
  const query = parameters
    .filter(({ in: place, required }) => place === 'query' && required)
    .map(({ name, schema, example }) => `${name}=${example ?? follow(schema).enum?.[0] ?? 'x'}`)
  const [mediaType, content] = (Object.entries(body ?? {})[0] ?? []) as [string | undefined, Any]
  const raw = mediaType === undefined ? undefined : mediaType.includes('yaml') ? extra : JSON.stringify(content.example ?? {})
  return {
    method,
    path: query.length === 0 ? filled : `${filled}?${query.join('&')}`,
    headers: { 'idempotency-key': `declared-${id}`, ...(mediaType === undefined ? {} : { 'content-type': mediaType }) },
    ...(raw === undefined ? {} : { raw })
  }
}

const withQuery = (asked: Asked, query: string): Asked => ({
  ...asked,
  path: `${asked.path}${asked.path.includes('?') ? '&' : '?'}${query}`
})
const withHeaders = (asked: Asked, headers: Record<string, string>): Asked => ({ ...asked, headers: { ...asked.headers, ...headers } })

/** What names something in the path names nothing. */
const elsewhere = ({ path }: Operation, asked: Asked, other: string): string =>
  path.replaceAll(/\{\w+\}/g, other) + (/\?.*/.exec(asked.path)?.[0] ?? '')

const modern = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {}
}
const messages = [
  { jsonrpc: '2.0', id: 1, method: 'nothing/such' },
  { jsonrpc: '2.0', id: 1, method: 'nothing/such', params: { _meta: modern } },
  {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/list',
    params: { _meta: { ...modern, 'io.modelcontextprotocol/protocolVersion': '1999-01-01' } }
  },
  { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'none' } },
  { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'desk_say', arguments: { text: 'x' } } },
  { hello: 1 }
].map(message => JSON.stringify(message))

/** What else is asked of an operation: of each the same, and of some what only they can answer. */
function variants(operation: Operation): readonly Asked[] {
  const asked = usual(operation)
  const types = Object.values(operation.responses).flatMap(response => Object.keys(follow(response).content ?? {}))
  const parameters = operation.parameters.filter(({ in: place }) => place === 'query')
  return [
    asked,
    ...[...new Set([...types, 'text/plain', 'image/png', 'text/event-stream', 'application/json, text/event-stream'])].map(accept =>
      withHeaders(asked, { accept })
    ),
    ...parameters.flatMap(({ name, schema }) =>
      ['%00', '-1', ...(follow(schema).enum ?? ['true'])].map(value => withQuery(asked, `${name}=${encodeURIComponent(value)}`))
    ),
    { ...asked, authorization: null },
    { ...asked, authorization: 'Bearer none' },
    ...['extra:read', 'bots:read'].map(scope => ({ ...asked, authorization: scope })),
    withHeaders(asked, { origin: 'https://elsewhere.example' }),
    withHeaders(asked, { 'if-none-match': '*' }),
    withQuery(asked, `x=${'x'.repeat(8_200)}`),
    ...(operation.path.includes('{') ? ['none', '%E0%A4%A'].map(other => ({ ...asked, path: elsewhere(operation, asked, other) })) : []),
    ...(operation.id === 'callMcp'
      ? messages.map(raw => ({ ...withHeaders(asked, { accept: 'application/json, text/event-stream' }), raw }))
      : []),
    ...(operation.id === 'callMcp'
      ? [withHeaders(asked, { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '1999-01-01' })]
      : []),
    ...(asked.raw === undefined
      ? []
      : [
          '{',
          '[]',
          '{"x":1e999}',
          `{"x":"${'x'.repeat(1_100_000)}"}`,
          '{"jsonrpc":"2.0","method":"notifications/initialized"}',
          '{"outcome":"not_done"}'
        ].map(raw => ({ ...asked, raw }))),
    ...(asked.raw === undefined
      ? []
      : [withHeaders(asked, { 'content-type': 'image/png' }), withHeaders(asked, { prefer: 'respond-async' })])
  ]
}

const bearers = new Map<string, Promise<string>>()
const scopesOf = async (authorization: string | null | undefined) => {
  if (typeof authorization !== 'string' || authorization.startsWith('Bearer')) return authorization
  const made = bearers.get(authorization) ?? gateway.bearer([authorization])
  bearers.set(authorization, made)
  return await made
}

interface Given {
  readonly status: number
  readonly type: string | null
  readonly text: string
}

/** Of a stream the beginning is enough. */
async function ask({ path, method, raw, headers, authorization }: Asked): Promise<Given> {
  const token = await scopesOf(authorization === undefined ? `Bearer ${gateway.adminKey}` : authorization)
  const stop = new AbortController()
  const answer = await fetch(`${gateway.url}${path}`, {
    method,
    signal: stop.signal,
    headers: { ...headers, ...(token === null || token === undefined ? {} : { authorization: token }) },
    ...(raw === undefined ? {} : { body: raw })
  })
  const type = answer.headers.get('content-type')?.split(';')[0]?.trim() ?? null
  if (type !== 'text/event-stream') return { status: answer.status, type, text: await answer.text() }
  stop.abort()
  return { status: answer.status, type, text: '' }
}

/** What is wrong with an answer; undefined: it is as the document says. */
function mistakeIn({ responses }: Operation, { status, type, text }: Given, ajv: Ajv2020): string | undefined {
  const response = follow(responses[status])
  if (response === undefined) return `status ${status} (${type}) is not declared`
  const content = response.content ?? {}
  if (type === null || (text === '' && Object.keys(content).length === 0))
    return Object.keys(content).length === 0 ? undefined : `${status} without a body`
  const declared = content[type] ?? content['*/*']
  if (declared === undefined) return `${type} of ${status} is not declared`
  if (!type.includes('json')) return undefined
  const at = Object.keys(content).find(one => one === type) as string
  const found = pointerTo(responses, status)
  const valid = ajv.validate({ $ref: `doc#${found}/content/${at.replaceAll('/', '~1')}/schema` }, JSON.parse(text))
  return valid ? undefined : `${status} ${type}: ${ajv.errorsText()} in ${text.slice(0, 300)}`
}

const pointers = new Map<object, string>()
function pointerTo(responses: Any, status: number): string {
  const { $ref } = responses[status]
  if ($ref !== undefined) return $ref.slice(1)
  return `${pointers.get(responses)}/${status}`
}

test('no operation answers what the document does not declare, and each media type that is declared for a good answer is given', async () => {
  const ajv = addFormats(new Ajv2020({ strict: false, validateFormats: false }))
  ajv.addSchema(document, 'doc')
  for (const [path, item] of Object.entries(document.paths as Any))
    for (const [method, operation] of Object.entries(item as Any))
      if (method !== 'parameters')
        pointers.set(
          (operation as Any).responses,
          `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll(/[{}]/g, encodeURIComponent)}/${method}/responses`
        )
  const mistakes = new Set<string>()
  const given = new Set<string>()
  // What removes something comes last.
  const order = operations().toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))
  await gateway.call('/v1/bots/extra', { method: 'PUT', raw: extra, headers: { 'content-type': 'application/yaml' } })
  for (const operation of order)
    for (const answer of await Promise.all(variants(operation).map(ask))) {
      const mistake = mistakeIn(operation, answer, ajv)
      if (mistake !== undefined) mistakes.add(`${operation.id}: ${mistake}`)
      given.add(`${operation.id} ${String(answer.status)[0]} ${answer.type}`)
    }
  expect([...mistakes]).toEqual([])
  const promised = order.flatMap(({ id, responses }) =>
    Object.entries(responses)
      .filter(([status]) => status.startsWith('2'))
      .flatMap(([status, response]) => Object.keys(follow(response).content ?? {}).map(type => `${id} ${status[0]} ${type}`))
  )
  // A file is of any type; an action that always fails has no output, and some runs can not be cancelled or run again.
  const never = promised.filter(one => !given.has(one) && !/\*\/\*$|application\/json$|^desk_lost /.test(one))
  expect(never).toEqual([])
}, 120_000)

describe('what is answered before there is an operation', () => {
  test.each([
    ['headers that are too large', `GET /healthz HTTP/1.1\r\nHost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['what is no HTTP', 'nonsense\r\n\r\n', 400]
  ])('is a problem that every operation declares: %s', async (_, sent, status) => {
    expect(await rawHttp(gateway.url, sent)).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*application/problem\\+json`))
    for (const { id, responses } of operations())
      expect([id, follow(responses[status])?.content]).toEqual([
        id,
        expect.objectContaining({ 'application/problem+json': expect.anything() })
      ])
  })

  test('a service that stops says 503, as every operation but the sign of life declares', () => {
    for (const { id, responses } of operations()) expect([id, responses['503'] !== undefined]).toEqual([id, id !== 'getHealth'])
  })
})
