/** The adapter that others are copied from. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/echo/adapter.ts'
import type { Call, Json } from '../../src/index.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { good } from './manifests.ts'

const echo = createAdapter()
const directory = mkdtempSync(join(tmpdir(), 'echo-'))
const ledger = join(directory, 'deep', 'echo.ledger.jsonl')
afterAll(() => rmSync(directory, { recursive: true }))

type EchoCall = Parameters<typeof echo.run>[0]

async function callOf(
  own: string,
  {
    input = {},
    attempt = 1,
    signal = AbortSignal.timeout(5_000)
  }: { input?: Record<string, Json>; attempt?: number; signal?: AbortSignal } = {}
) {
  const env = (name: string) => (name === 'ECHO_LEDGER' ? ledger : 'http://127.0.0.1:9')
  const { bot, issues } = await loadManifest(
    good.replace('    commit: true\n', () => own),
    { file: 'bot.yaml', adapters: { echo }, env, targetOrigins: ['http://127.0.0.1:9'] }
  )
  expect(issues).toEqual([])
  const action = bot?.actions[1]
  const commits: number[] = []
  const call = {
    steps: action?.steps,
    action: action?.name,
    target: bot?.target,
    run: { id: 'run_1', reference: `RF${attempt}`, attempt, tenant: 't' },
    input,
    session: {},
    credentials: {},
    credentialOrigins: [],
    credentialsAt: () => ({}),
    conceal: () => undefined,
    signal,
    commit: async () => void commits.push(Date.now()),
    answered: () => undefined,
    step: (_: string, work: () => Promise<unknown>) => work()
  } as unknown as Call as EchoCall
  return { call, commits }
}

const lines = () =>
  readFileSync(ledger, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

test('an effect is committed, appended, and found again', async () => {
  const { call, commits } = await callOf('    commit: true\n', { input: { reference: 'A1' } })
  expect(await echo.probe?.(call)).toEqual({ found: false })
  expect(await echo.run(call)).toEqual({ confirmation: 'RF1' })
  expect(commits).toHaveLength(1)
  expect(lines()).toEqual([
    {
      seq: 1,
      receivedAt: expect.any(Number),
      appliedAt: expect.any(Number),
      action: 'echo_book',
      reference: 'RF1',
      payloadHash: expect.stringMatching(/^[0-9a-f]{64}$/)
    }
  ])
  expect(await echo.probe?.(call)).toEqual({ found: true, output: { confirmation: 'RF1' } })
})

describe('told to fail', () => {
  const moments: readonly (readonly [string, number, number, string])[] = [
    ['before', 0, 0, 'RetrofitError'],
    ['refused', 1, 0, 'NothingSent'],
    ['after', 1, 1, 'RetrofitError']
  ]
  test.each(moments)('%s: %i commits, %i effects', async (when, commitCount, effectCount, name) => {
    const own = `    commit: true\n    fail: { times: 1, when: ${when}, message: no luck }\n`
    const before = lines().length
    const { call, commits } = await callOf(own)
    await expect(echo.run(call)).rejects.toMatchObject({ name, message: 'no luck', retryable: true })
    expect([commits.length, lines().length - before]).toEqual([commitCount, effectCount])
    expect(await echo.run((await callOf(own, { attempt: 2 })).call)).toEqual({ confirmation: 'RF2' })
  })
})

test('a delay ends when the signal does', async () => {
  const { call, commits } = await callOf('    commit: true\n    delay: 1m\n', { signal: AbortSignal.timeout(30) })
  await expect(echo.run(call)).rejects.toMatchObject({ code: 'ABORT_ERR' })
  expect(commits).toEqual([])
})
