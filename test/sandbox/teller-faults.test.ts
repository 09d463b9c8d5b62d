import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { readEffects } from '../../bots/sandbox.ts'
import { admin, Clerk, folder, ledgerPath, money, setFaults, start, teller, tellerForEachTest, transfer } from './portal.ts'

tellerForEachTest()

describe('told to misbehave, it', () => {
  let clerk: Clerk
  beforeEach(async () => {
    clerk = await new Clerk().signOn()
  })
  const failure = async () => transfer(clerk).catch((error: Error) => error.name)
  const applied = () => readEffects(ledgerPath()).map(effect => effect.appliedAt !== null)

  test('answers 500 after applying, as often as told', async () => {
    await setFaults({ failAfterApply: true, times: 1 })
    await transfer(clerk)
    expect([clerk.status, applied()]).toEqual([500, [true]])
    expect(await transfer(clerk, { reference: 'RF-0002' })).toContain('Transfer posted')
  })

  test('answers well without applying', async () => {
    await setFaults({ acceptWithoutApply: true })
    expect(await transfer(clerk)).toContain('Transfer posted')
    expect(applied()).toEqual([false])
    await clerk.get('/transfers')
    expect(await clerk.post('/transfers', { reference: 'RF-0001' })).toContain('No transfer found')
  })

  test('refuses a reference that it has applied', async () => {
    await setFaults({ rejectDuplicates: true })
    await transfer(clerk)
    expect(await transfer(clerk)).toContain('Duplicate reference')
    expect(applied()).toEqual([true])
  })

  test('hangs after applying, and still closes at once', async () => {
    await setFaults({ hangAfterApply: true })
    clerk.patienceMs = 1_000
    expect(await failure()).toBe('TimeoutError')
    expect(applied()).toEqual([true])
    clerk.patienceMs = 20_000
    const pending = failure()
    await sleep(100)
    await teller.close()
    // Its end came from the server, not from the client's patience.
    expect(await pending).toBe('TypeError')
    await start()
  })

  test.each([
    ['before', []],
    ['after', [true]]
  ] as const)('drops the connection %s applying', async (dropConnection, expected) => {
    await setFaults({ dropConnection })
    expect(await failure()).toBe('TypeError')
    expect(applied()).toEqual(expected)
  })

  test('applies late, also when the client has gone', async () => {
    await clerk.get('/transfer')
    await clerk.post('/transfer', money)
    await setFaults({ applyLateMs: 400 })
    const body = new URLSearchParams({ ...money, __VIEWSTATE: clerk.viewState() })
    const headers = { cookie: clerk.cookie }
    await expect(
      fetch(`${teller.url}/transfer/post`, { method: 'POST', body, headers, signal: AbortSignal.timeout(150) })
    ).rejects.toThrow()
    expect(applied()).toEqual([])
    await sleep(600)
    const [line] = readEffects(ledgerPath())
    expect((line?.appliedAt ?? 0) - (line?.receivedAt ?? 0)).toBeGreaterThanOrEqual(390)
  })

  test('writes nothing once it is closed', async () => {
    await setFaults({ applyLateMs: 300 })
    const pending = failure()
    await sleep(100)
    await teller.close()
    await pending
    await sleep(400)
    expect(applied()).toEqual([])
    await start()
  })

  test('is slow', async () => {
    await setFaults({ delayMs: 200 })
    const startedAt = Date.now()
    await clerk.get('/menu')
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(195)
  })
})

describe('the admin path', () => {
  test('shows the faults and the switches, and DELETE clears the faults', async () => {
    const set = await (await setFaults({ failAfterApply: true, singleLogin: true })).json()
    expect(set).toMatchObject({ failAfterApply: true, singleLogin: true, maintenance: false, sessionTtlMs: 900_000, times: 0 })
    expect(await (await admin('faults')).json()).toEqual(set)
    expect(await (await admin('faults', { method: 'DELETE' })).json()).toMatchObject({ failAfterApply: false, singleLogin: true })
  })

  test.each([
    [{ failsafe: true }, 'Unknown key "failsafe"; the keys are delayMs'],
    [{ toString: 1 }, 'Unknown key "toString"'],
    [{ delayMs: -1 }, 'delayMs must be a whole number, 0 or more'],
    [{ maintenance: 'yes' }, 'maintenance must be a boolean'],
    [{ dropConnection: 'now' }, 'dropConnection must be one of never, before, after'],
    [[], 'The body must be a JSON object']
  ])('refuses %j and changes nothing', async (body, message) => {
    const answer = await setFaults(Array.isArray(body) ? body : { hangAfterApply: true, ...body })
    expect(answer.status).toBe(422)
    expect(await answer.json()).toEqual({ error: expect.stringContaining(message) })
    expect(await (await admin('faults')).json()).toMatchObject({ hangAfterApply: false })
  })

  test('says what it has, and what is no JSON', async () => {
    expect((await admin('fault')).status).toBe(404)
    expect((await admin('faults', { method: 'POST', body: '{' })).status).toBe(400)
  })

  test('answers on loopback only', async () => {
    await teller.close()
    await start({ host: '0.0.0.0' })
    const outside = Object.values(networkInterfaces()).flatMap(list => list ?? [])
    const addresses = outside.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address)
    const { port } = new URL(teller.url)
    expect((await fetch(`http://127.0.0.1:${port}/__sandbox/faults`)).status).toBe(200)
    for (const address of addresses) expect((await fetch(`http://${address}:${port}/__sandbox/faults`)).status).toBe(403)
  })
})

test('it runs as its own process and stops on SIGTERM', async () => {
  const env = { ...process.env, PORT: '0', LEDGER: join(folder, 'own.ledger.jsonl'), FAULTS: '{"delayMs":5}', TELLER_USERNAME: 'anna' }
  const child = spawn(process.execPath, ['bots/teller/sandbox/main.ts'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const url = /^teller sandbox on (http:\S+)\n$/.exec(String(line))?.[1]
  expect(await (await fetch(`${url}/__sandbox/faults`)).json()).toMatchObject({ delayMs: 5 })
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})
