/** What callers see of probes: over HTTP and at the command line. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { runCli } from '../../src/cli.ts'
import { until } from '../setup/until.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'

const folder = mkdtempSync(join(tmpdir(), 'retrofit-probes-'))
const bot = (name: string, ledger: string) => `
bot: ${name}
version: 1.0.0
title: Desk
description: Books.
adapter: echo
target: { url: 'http://127.0.0.1:9'${ledger} }
actions:
  book:
    title: Book
    description: Books it.
    effect: write
    scopes: [demo:write]
    input: { type: object, properties: { text: { type: string } } }
    output: { type: object }
    commit: true
    settle: 0s
    probe: {}
`

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({
    manifests: [
      bot('sound', `, ledger: '${join(folder, 'effects')}'`),
      bot('blind', `, ledger: '${join(folder, '{{ $millis() }}')}'`),
      bot('bare', '')
    ]
  })
})
afterAll(async () => {
  await gateway.close()
  rmSync(folder, { recursive: true })
})

// The blind one looks into another file each time.
const book = (name: string, key: string) =>
  gateway.call(`/v1/actions/${name}_book`, { body: { text: 'x' }, headers: { 'idempotency-key': key } })
const probeOf = async (name: string) => (await gateway.call(`/v1/bots/${name}`)).json.actions[0].probe

test('a bot says whether its probes were tried, and what came of it', async () => {
  expect([await probeOf('sound'), await probeOf('blind')]).toEqual([{ state: 'untested' }, { state: 'untested' }])
  const booked = [await book('sound', 's-1'), await book('blind', 'b-1')]
  await until('both are tried', async () => ![(await probeOf('sound')).state, (await probeOf('blind')).state].includes('untested'))
  const [sound, blind] = booked.map(({ headers }) => headers.get('run-id'))
  expect(await probeOf('sound')).toMatchObject({ state: 'agrees', seen: 'found', runId: sound })
  const wrong = { seen: 'absent', detail: 'the probe did not find the effect, although the run is committed' }
  expect(await probeOf('blind')).toMatchObject({ state: 'disagrees', runId: blind, ...wrong })
  const { bots } = (await gateway.call('/v1/bots')).json
  expect(bots.flatMap((one: { actions: { probe: { state: string } }[] }) => one.actions.map(({ probe }) => probe.state)).sort()).toEqual([
    'agrees',
    'disagrees',
    'untested'
  ])
})

test('a probe that has nothing to look in neither agrees nor disagrees', async () => {
  const runId = (await book('bare', 'n-1')).headers.get('run-id')
  const why = { seen: 'unclear', detail: 'the probe can not tell: without target.ledger nothing is kept of an effect' }
  await until('it has looked', async () => (await probeOf('bare')).runId === runId)
  expect(await probeOf('bare')).toMatchObject({ state: 'untested', ...why })
  const { json } = await gateway.call(`/v1/runs/${runId}/probe`, { method: 'POST' })
  expect(json).toMatchObject({ status: 'completed', probe: why })
  expect(json.probe).not.toHaveProperty('agrees')
})

test('POST …/probe answers the run with what the probe saw, for keys that may resolve runs', async () => {
  const runId = (await book('blind', 'b-2')).headers.get('run-id')
  const { status, json } = await gateway.call(`/v1/runs/${runId}/probe`, { method: 'POST' })
  expect([status, json]).toMatchObject([200, { runId, status: 'completed', effect: 'committed', probe: { seen: 'absent', agrees: false } }])
  const poor = await gateway.bearer(['demo:write', 'runs:read'])
  expect((await gateway.call(`/v1/runs/${runId}/probe`, { method: 'POST', authorization: poor })).json.code).toBe('insufficient_scope')
  const stranger = await gateway.bearer(['*'], 'elsewhere')
  expect((await gateway.call(`/v1/runs/${runId}/probe`, { method: 'POST', authorization: stranger })).json.code).toBe('run_not_found')
})

test('the command line looks after a call and at a run, and exits with 2 when the probe disagrees', async () => {
  const written: string[] = []
  const write = (text: string | Uint8Array): boolean => written.push(String(text)) > 0
  const spies = [jest.spyOn(process.stdout, 'write'), jest.spyOn(process.stderr, 'write')]
  for (const spy of spies) spy.mockImplementation(write as typeof process.stdout.write)
  const retrofit = async (...args: string[]) => {
    written.length = 0
    const code = await runCli(['node', 'retrofit', ...args, '--url', gateway.url, '--key', gateway.adminKey])
    return [code, written.join('')]
  }
  try {
    expect(await retrofit('call', 'sound_book', 'text:="x"', '--probe')).toEqual([
      0,
      expect.stringContaining('the probe agrees: the probe found')
    ])
    const [code, text] = await retrofit('call', 'blind_book', 'text:="x"', '--probe', '--json')
    expect([code, JSON.parse(String(text))]).toMatchObject([2, { httpStatus: 200, probe: { agrees: false, seen: 'absent' } }])
    const { runId } = JSON.parse(String(text))
    expect(await retrofit('runs', 'probe', runId)).toEqual([2, expect.stringContaining('the probe DISAGREES: the probe did not find')])
    expect(await retrofit('runs', 'probe', 'run_000000000000000000000')).toEqual([2, expect.stringContaining('There is no run')])
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
})
