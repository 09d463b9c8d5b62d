import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import { startCorebank } from '../../bots/corebank/sandbox/server.ts'
import { noFaults, readEffects, type Sandbox } from '../../bots/sandbox.ts'
import type { JsonObject } from '../../src/index.ts'
import { until } from '../setup/until.ts'
import { type CallOptions, compile, corebank, failure, newCall } from './soap/fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'soap-commit-'))
const ledgerPath = join(folder, 'ledger.jsonl')
const adapter = createAdapter()
const { plan } = compile(corebank, 'post_payment')
const order = corebank.actions.post_payment?.example as JsonObject
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startCorebank({ port: 0, ledgerPath })
})
afterEach(() => {
  sandbox.effects.faults = { ...noFaults }
})
afterAll(async () => {
  await adapter.close()
  await sandbox.close()
  rmSync(folder, { recursive: true })
})

const pay = (input: JsonObject = {}, options: Partial<CallOptions> = {}) =>
  newCall({ plan, url: sandbox.url, input: { ...order, ...input }, ...options })
const ledger = (reference: string) => readEffects(ledgerPath).filter(effect => effect.reference === reference)
/** The probe of the same run, as after a crash: another call, past the commit point. */
const probe = (reference: string) => adapter.probe?.(pay({}, { reference, committed: true }).call)

describe('post_payment', () => {
  test('commits once, writes in order, and the probe finds it by the run reference', async () => {
    const payment = pay({ purpose: "O'Brien & Sons <Ltd> ]]> € 🙂" })
    const { reference } = payment.call.run
    expect(await probe(reference)).toEqual({ found: false, extracted: {} })
    const output = await adapter.run(payment.call)
    expect(output).toEqual({
      confirmation: expect.stringMatching(/^CB\d{6}$/),
      posted_at: expect.stringMatching(/Z$/),
      new_balance: expect.any(Number),
      currency: 'EUR'
    })
    expect(payment.commits).toBe(1)
    expect(payment.sent).toContain(reference)
    expect(payment.sent).not.toContain(String(payment.call.credentials.password))
    expect(payment.attached.size).toBe(0)
    expect(ledger(reference)).toHaveLength(1)
    expect(await probe(reference)).toEqual({ found: true, output, extracted: expect.anything() })
  })

  test.each([
    ['insufficient_funds', { amount: 88.51, from_account: '4010006001' }, 'Insufficient funds'],
    ['account_unknown', { to_account: '4019999999' }, 'Unknown account 4019999999'],
    ['currency_mismatch', { currency: 'USD' }, 'Account 4010001001 is not kept in USD'],
    ['same_account', { to_account: '4010001001' }, 'The two accounts are the same'],
    ['payment_refused', { amount: 1.234 }, 'Invalid PostPayment: the value of amount is not valid']
  ])('%s', async (code, input, message) => {
    const payment = pay(input)
    expect(await failure(adapter.run(payment.call))).toMatchObject({
      name: 'BusinessError',
      code,
      message: 'The target answered: a fault',
      targetSaid: message
    })
    expect(ledger(payment.call.run.reference)).toEqual([])
  })

  test('a refusal that the manifest maps to "not applied" clears the effect', async () => {
    const payment = pay({}, { credentials: { username: 'svc_retrofit', password: 'old-Passw0rd' } })
    const error = await failure(adapter.run(payment.call))
    expect(error).toMatchObject({ name: 'NothingSent', retryable: false, message: 'The target refused: HTTP 401' })
    expect(ledger(payment.call.run.reference)).toEqual([])
  })

  test('a duplicate reference proves nothing about the first one: the outcome stays open', async () => {
    sandbox.effects.faults = { ...noFaults, rejectDuplicates: true }
    const first = pay()
    const { reference } = first.call.run
    await adapter.run(first.call)
    const error = await failure(adapter.run(pay({}, { reference }).call))
    expect(error).toMatchObject({
      code: 'target_failed',
      effect: 'unknown',
      retryable: false,
      message: 'The target answered: a fault',
      targetSaid: 'Duplicate reference'
    })
    expect(ledger(reference)).toHaveLength(1)
  })

  test.each([
    ['answers 500 after it was applied', { failAfterApply: true }, true, 'The target answered: a fault'],
    ['hangs up after it was applied', { dropConnection: 'after' }, true, /^The connection to the target failed/],
    ['hangs up before', { dropConnection: 'before' }, false, /^The connection to the target failed/]
  ] as const)('ambiguous: the target %s', async (_, faults, applied, message) => {
    sandbox.effects.faults = { ...noFaults, ...faults, times: 1 }
    const payment = pay()
    const { reference } = payment.call.run
    const error = await failure(adapter.run(payment.call))
    expect(error).toMatchObject({ name: 'RetrofitError', code: 'target_failed', effect: 'unknown', retryable: false })
    expect(error.message).toMatch(message)
    expect(payment.exchanges).toHaveLength(1)
    expect(ledger(reference)).toHaveLength(applied ? 1 : 0)
    expect(await probe(reference)).toMatchObject({ found: applied })
    expect([...payment.attached.keys()]).toContain('request-1.txt')
  })

  test('a hang ends with the signal, and the reason is that of the signal', async () => {
    sandbox.effects.faults = { ...noFaults, hangAfterApply: true, times: 1 }
    const controller = new AbortController()
    const payment = pay({}, { signal: controller.signal })
    const running = failure(adapter.run(payment.call))
    await sleep(150)
    const reason = new Error('deadline')
    controller.abort(reason)
    expect(await running).toBe(reason)
    expect(payment.call.committed).toBe(true)
    expect(ledger(payment.call.run.reference)).toHaveLength(1)
  })

  test("an action's own time limit", async () => {
    sandbox.effects.faults = { ...noFaults, hangAfterApply: true, times: 1 }
    const { plan: hurried } = compile({ ...corebank, actions: { pay: { ...corebank.actions.post_payment, timeout: '200ms' } } }, 'pay')
    const error = await failure(adapter.run(pay({}, { plan: hurried }).call))
    expect(error).toMatchObject({ code: 'target_failed', effect: 'unknown', message: 'The target gave no answer within 200 ms.' })
  })
})

describe('nothing was sent', () => {
  test('connection refused: before the fence, and safe to try again', async () => {
    const payment = pay({}, { url: 'http://127.0.0.1:1/corebank' })
    const error = await failure(adapter.run(payment.call))
    expect(error).toMatchObject({ code: 'target_failed', retryable: true, effect: 'none' })
    expect(error.message).toBe('The target can not be reached (ECONNREFUSED); nothing was sent.')
    expect(payment.commits).toBe(0)
    expect(payment.attached.size).toBe(0)
  })

  test('a lost fence sends nothing, and its error comes through', async () => {
    const lost = new Error('fence')
    const payment = pay({}, { commit: () => Promise.reject(lost) })
    expect(await failure(adapter.run(payment.call))).toBe(lost)
    await sleep(50)
    expect(ledger(payment.call.run.reference)).toEqual([])
  })

  test('the connection dies between the fence and the request', async () => {
    const bytes: number[] = []
    const open: Socket[] = []
    const server = createServer(socket => {
      open.push(socket)
      socket.on('data', data => bytes.push(data.length)).on('error', () => undefined)
    })
    const url = await listen(server)
    const cut = async () => {
      for (const socket of open) socket.resetAndDestroy()
      await sleep(50)
    }
    const payment = pay({}, { url, commit: cut })
    expect(await failure(adapter.run(payment.call))).toMatchObject({ name: 'NothingSent', retryable: true })
    expect(payment.commits).toBe(1)
    expect(bytes).toEqual([])
    expect(open).toHaveLength(1)
    server.close()
  })

  test('an aborted call does not connect', async () => {
    const payment = pay({}, { signal: AbortSignal.abort(new Error('too late')) })
    expect((await failure(adapter.run(payment.call))).message).toBe('too late')
    expect(payment.commits).toBe(0)
  })

  test.each([
    ['a control character', { purpose: 'a\u0001b' }, 'the character U+0001'],
    ['half a character', { purpose: 'a\ud800b' }, 'the character U+D800']
  ])('%s is refused before anything is sent', async (_, input, what) => {
    const payment = pay(input)
    const error = await failure(adapter.run(payment.call))
    expect(error).toMatchObject({ code: 'invalid_input', retryable: false })
    expect(error.message).toContain(what)
    expect(payment.exchanges).toEqual([])
    expect(payment.commits).toBe(0)
  })
})

test('every commit call has a connection of its own, and leaves none behind', async () => {
  const connections: Socket[] = []
  const requests: string[] = []
  const server = createServer(socket => {
    connections.push(socket)
    socket.on('data', data => {
      requests.push(data.toString())
      socket.end('HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/again\r\ncontent-length: 0\r\n\r\n')
    })
  })
  const url = await listen(server)
  for (const _ of [1, 2]) {
    const error = await failure(adapter.run(pay({}, { url }).call))
    expect(error).toMatchObject({
      effect: 'unknown',
      message: expect.stringContaining('a redirect to http://127.0.0.1:9: redirects are never followed')
    })
  }
  expect(connections).toHaveLength(2)
  expect(requests).toHaveLength(2)
  expect(requests[0]).toMatch(/^POST \/corebank HTTP\/1\.1\r\n/)
  expect(requests[0]?.toLowerCase()).toContain('connection: close')
  await until('every connection is closed', () => connections.every(({ destroyed }) => destroyed))
  server.close()
})

function listen(server: ReturnType<typeof createServer>): Promise<string> {
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as { port: number }).port}/corebank`))
  })
}
