/** One manifest that was accepted and breaks a list or a document is missing there by itself, and is named. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Action } from '../../src/core/types.ts'
import type { FedCatalog } from '../../src/engine/catalog.ts'
import { dialects } from '../../src/surface/dialect.ts'
import { isolated } from '../../src/surface/isolate.ts'
import { lintForAgents } from '../../src/surface/lint.ts'
import { echoManifest, type OpenGateway, openGateway } from './open-gateway.ts'

/** As OpenAPI generators write a map of maps: what leads back has a rule beside its reference. */
const mapsOfMaps = JSON.stringify({
  bot: 'maps',
  version: '1.0.0',
  title: 'Maps of maps',
  adapter: 'echo',
  target: { url: 'http://127.0.0.1:9' },
  actions: {
    put: {
      title: 'Put a map',
      description: 'Answers its input. Use it to try a schema.',
      effect: 'read',
      scopes: ['maps:read'],
      input: {
        type: 'object',
        additionalProperties: { minProperties: 1, anyOf: [{ type: 'string' }, { $ref: '#/definitions/map' }] },
        definitions: {
          map: { type: 'object', additionalProperties: { minProperties: 1, anyOf: [{ type: 'string' }, { $ref: '#/definitions/map' }] } }
        }
      },
      output: { type: 'object' }
    },
    odd: {
      title: 'Take odd names',
      description: 'Answers its input. Use it to try names.',
      effect: 'read',
      scopes: ['maps:read'],
      input: {
        type: 'object',
        properties: { a: { $ref: '#/$defs/a%25b' }, nothing: { type: 'null' }, not: { not: {} } },
        $defs: { 'a%b': { type: 'string' } }
      },
      output: { type: 'object' }
    }
  }
})

let gateway: OpenGateway
const logged: unknown[] = []

beforeAll(async () => {
  gateway = await openGateway({ manifests: [echoManifest, mapsOfMaps] })
  const { catalog, telemetry } = gateway.parts
  telemetry.log.error = (...said: unknown[]) => void logged.push(said)
  const demo = catalog.entry('demo', 'default')?.bot as NonNullable<ReturnType<typeof catalog.entry>>['bot']
  const [first] = demo.actions as [Action]
  const fine = { ...first, name: 'torn_fine', bot: 'torn' }
  const torn = { ...first, name: 'torn_apart', bot: 'torn' }
  Object.defineProperty(torn, 'input', {
    get: () => {
      throw new Error('nobody can read its input')
    }
  })
  await (catalog as FedCatalog).setFile({ ...demo, name: 'torn', title: 'Torn', digest: 'e'.repeat(64), actions: [torn, fine] })
})
afterAll(() => gateway.close())

const documents = [
  ...dialects.flatMap(format => [`/tools?format=${format}`, `/tools?format=${format}&strict=true`]),
  '/openapi.json',
  '/openapi.json?version=3.0',
  '/openapi.json?format=gpt',
  '/openapi.yaml'
]

test.each(documents)('%s holds all but the one that breaks it, and says which is missing', async path => {
  const { status, text, headers } = await gateway.call(path)
  expect(status).toBe(200)
  for (const name of ['demo_echo', 'torn_fine', 'maps_put', 'maps_odd']) expect(text).toContain(name)
  expect(text).not.toContain('torn_apart')
  expect(headers.get('tools-left-out')).toBe('torn_apart')
})

test('so does the list of MCP', async () => {
  const { text } = await gateway.call('/mcp', {
    body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} },
    headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' }
  })
  for (const name of ['demo_echo', 'torn_fine', 'maps_put', 'maps_odd', 'get_run']) expect(text).toContain(`"name":"${name}"`)
  expect(text).not.toContain('torn_apart')
})

test('the state of its bot says where it is missing and why, and the log has said it once for each', async () => {
  await gateway.call('/tools?format=gemini')
  await gateway.call('/tools?format=gemini&bot=torn')
  const { json } = await gateway.call('/v1/bots/torn')
  const [torn, fine] = json.actions
  expect(torn.leftOut.map(({ from }: { from: string }) => from)).toEqual([
    ...['openai', 'openai-responses', 'anthropic', 'mcp', 'gemini', 'openapi', 'openapi-3.0']
  ])
  expect(torn.leftOut[0].reason).toContain('nobody can read its input')
  expect(fine).not.toHaveProperty('leftOut')
  expect((await gateway.call('/v1/bots')).status).toBe(200)
  const ofGemini = logged.filter(entry => JSON.stringify(entry).includes('"from":"gemini"'))
  expect(ofGemini).toEqual([[expect.objectContaining({ action: 'torn_apart', bot: 'torn' }), expect.stringContaining('missing in gemini')]])
})

test('the report for agents names it, and reports the others', () => {
  const actions = gateway.parts.catalog.entries('default').flatMap(({ bot }) => bot.actions)
  const { actions: reports } = lintForAgents(actions, text => text.length)
  expect(reports.map(({ action }) => action)).toEqual(expect.arrayContaining(['demo_echo', 'torn_apart', 'torn_fine']))
  expect(reports.find(({ action }) => action === 'torn_apart')?.remarks[0]?.message).toContain('nobody can read its input')
})

test('a map of maps arrives as it was meant, also as pairs', async () => {
  const sent = { other_properties: [{ name: 'a', value: [{ name: 'b', value: 'c' }] }] }
  const answer = await gateway.call('/v1/actions/maps_put?format=openai&strict=true', { body: sent })
  expect([answer.status, answer.json]).toEqual([200, { a: { b: 'c' } }])
})

test('what breaks without any action is the fault of none, and is an error', () => {
  const always = () => isolated([], () => JSON.parse('{'))
  expect(always).toThrow(SyntaxError)
})
