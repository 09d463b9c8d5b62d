import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { noFaults, readEffects } from '../../bots/sandbox.ts'
import { startTeller, type TellerSandbox } from '../../bots/teller/sandbox/server.ts'
import type { JsonObject } from '../../src/index.ts'
import { until } from '../setup/until.ts'
import { type CallOptions, callOf, type Output, parseAction, tellerAction, tellerActions, tellerTarget } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const folder = mkdtempSync(join(tmpdir(), 'teller-'))
const ledgerPath = join(folder, 'teller.ledger.jsonl')
const adapter = createAdapter()
let sandbox: TellerSandbox

beforeAll(async () => {
  sandbox = await startTeller({ port: 0, ledgerPath })
})
afterAll(async () => {
  await adapter.close()
  await sandbox.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  sandbox.effects.faults = { ...noFaults }
})

const prepare = (name: string, input: JsonObject, options: Partial<CallOptions> = {}) =>
  callOf(tellerAction(adapter, name), { url: sandbox.url, input, ...options })
const transferInput = { from: '40068001', to: '40012345', amount: 12.5, reference: 'INV-1' }
const lines = (reference: string) => readEffects(ledgerPath).filter(effect => effect.reference === reference).length
const example = (name: string) => tellerActions[name]?.example as JsonObject

describe('the actions of the sample bot', () => {
  test('get_balance', async () => {
    const output = (await adapter.run(prepare('get_balance', example('get_balance')))) as Output
    expect(output).toMatchObject({ account: '40012345', holder: 'Mrs Adaeze Okafor', balance: 12843.56, currency: 'GBP', status: 'Open' })
    expect(output.transactions).toHaveLength(5)
    expect((output.transactions as Output[])[0]).toEqual({
      date: '2025-11-28',
      reference: 'TX123450037',
      description: 'DIRECT DEBIT SOUTH WEST WATER',
      amount: -38.72,
      balance: 12843.56
    })
  })

  test('list_transactions: all pages, a limit, since a day', async () => {
    const all = (await adapter.run(prepare('list_transactions', { account: '40012345' }))) as { transactions: Output[] }
    expect(new Set(all.transactions.map(entry => entry.reference)).size).toBe(37)
    const few = (await adapter.run(prepare('list_transactions', { account: '40012345', limit: 12 }))) as { transactions: Output[] }
    expect(few.transactions).toEqual(all.transactions.slice(0, 12))
    const late = (await adapter.run(prepare('list_transactions', { account: '40012345', from: '2025-11-20' }))) as {
      transactions: Output[]
    }
    expect(late.transactions).toEqual(all.transactions.filter(entry => String(entry.date) >= '2025-11-20'))
    const one = (await adapter.run(prepare('list_transactions', { account: '40012345', limit: 1 }))) as { transactions: Output[] }
    expect(one.transactions).toHaveLength(1)
    const none = (await adapter.run(prepare('list_transactions', { account: '40070234' }))) as { transactions: Output[] }
    expect(none.transactions).toEqual([])
  })

  test('a business error is told at once, and the page stays warm', async () => {
    const call = prepare('get_balance', { account: '99999999' })
    await expect(adapter.run(call)).rejects.toMatchObject({ name: 'BusinessError', code: 'account_not_found' })
    expect(adapter.stats?.()).toMatchObject({ logins: 1, pages: 1, idle: 1 })
    expect(call.seen.artifacts.size).toBe(0)
  })

  test.each(['dispute_transaction', 'transfer'])('%s has its effect once, and the probe finds it', async name => {
    const call = prepare(name, example(name))
    const output = await adapter.run(call)
    expect(call.seen.commits).toBe(1)
    expect(readEffects(ledgerPath).filter(effect => effect.reference.includes(call.run.reference))).toHaveLength(1)
    const look = (reference: string) => adapter.probe?.(prepare(name, example(name), { reference }))
    expect(await look(call.run.reference)).toEqual({ found: true, output, extracted: expect.anything() })
    expect(await look('R0000000000X')).toEqual({ found: false, extracted: expect.anything() })
  })

  test('a refusal before the commit point commits nothing', async () => {
    const call = prepare('transfer', { ...transferInput, from: '40041288', amount: 5000 })
    await expect(adapter.run(call)).rejects.toMatchObject({ name: 'BusinessError', code: 'insufficient_funds' })
    expect(call.seen.commits).toBe(0)
  })

  test('maintenance is a technical failure', async () => {
    const down = await startTeller({ port: 0, ledgerPath: join(folder, 'down.jsonl'), maintenance: true })
    await expect(adapter.run(prepare('get_balance', example('get_balance'), { url: down.url }))).rejects.toMatchObject({
      code: 'target_failed',
      retryable: true,
      message: expect.stringContaining('503')
    })
    await down.close()
  })
})

describe('the commit gate', () => {
  test.each([
    ['hangs after applying', { hangAfterApply: true }, 1],
    ['answers 500 after applying', { failAfterApply: true }, 1],
    ['drops the connection after applying', { dropConnection: 'after' }, 1],
    ['drops the connection before it', { dropConnection: 'before' }, 0]
  ] as const)('a target that %s: committed, failed, at most one effect', async (_, faults, effects) => {
    sandbox.effects.faults = { ...noFaults, ...faults, times: 1 }
    const call = prepare('transfer', transferInput, { deadlineMs: 5_000 })
    await expect(adapter.run(call)).rejects.not.toMatchObject({ name: 'NothingSent' })
    expect(call.committed).toBe(true)
    // What the browser held could leave when its page closes.
    await new Promise(resolve => setTimeout(resolve, 500))
    expect(lines(call.run.reference)).toBe(effects)
  })

  test('a lost fence: the request never leaves', async () => {
    const lost = Object.assign(new Error('run is no longer this worker’s'), { name: 'FenceLost' })
    const call = prepare('transfer', transferInput, { commit: () => Promise.reject(lost) })
    await expect(adapter.run(call)).rejects.toBe(lost)
    expect(lines(call.run.reference)).toBe(0)
  })

  test('an abort while commit() is asked: the request never leaves', async () => {
    const stop = new AbortController()
    const commit = async () => {
      stop.abort(new Error('too late'))
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    const call = prepare('transfer', transferInput, { signal: stop.signal, commit })
    await expect(adapter.run(call)).rejects.toThrow('too late')
    await new Promise(resolve => setTimeout(resolve, 300))
    expect(lines(call.run.reference)).toBe(0)
  })

  test('the confirm box that no manifest declares is answered with no, before the commit point', async () => {
    const action = structuredClone(tellerActions.transfer) as { steps: { click?: { dialog?: string } }[] }
    for (const step of action.steps) if (step.click) delete step.click.dialog
    const { steps } = parseAction(adapter, action as unknown as JsonObject, tellerTarget)
    const call = callOf(steps, { url: sandbox.url, input: transferInput })
    await expect(adapter.run(call)).rejects.toMatchObject({
      code: 'target_failed',
      message: expect.stringContaining('an unexpected dialog'),
      targetSaid: expect.stringContaining('Post this transfer?')
    })
    expect(call.seen.commits).toBe(0)
    expect(lines(call.run.reference)).toBe(0)
  })
})

describe('the commit gate on other kinds of pages', () => {
  let site: Site
  const posts = () => site.requests.filter(request => request.startsWith('POST'))
  const pages = {
    twice: `<button onclick="for(let i=0;i<2;i++)fetch('/post',{method:'POST',body:i}).then(r=>r.text()).then(t=>{out.textContent=t})">Go</button><p id=out></p>`,
    later: `<button onclick="fetch('/post',{method:'POST'}).then(()=>{location.href='/receipt'})">Go</button>`,
    window: '<form method=post action=/post target=_blank><button>Go</button></form>',
    redirect: '<form method=post action=/moved><button>Go</button></form>',
    nothing: '<button>Go</button>',
    torn: `<button onclick="fetch('/post',{method:'POST'});setTimeout(()=>{out.textContent='Refused'},100)">Go</button><p id=out></p>`,
    late: `<button onclick="setInterval(()=>fetch('/post',{method:'POST'}),1510)">Go</button>`,
    refused: `<button onclick="fetch('http://127.0.0.1:1/',{method:'POST',mode:'no-cors'})">Go</button>`,
    beacon: `<button onclick="fetch('/log',{method:'POST'});fetch('/post',{method:'POST'}).then(()=>{out.textContent='ok'})">Go</button><p id=out></p>`
  }

  beforeAll(async () => {
    const receipt = '<h1>Receipt</h1>'
    site = await startSite({ '/post': receipt, '/log': '', '/receipt': receipt })
    site.pages['/moved'] = (_, response) => void response.writeHead(303, { location: '/receipt', 'set-cookie': 'a=b' }).end()
    for (const [name, page] of Object.entries(pages)) site.pages[`/${name}`] = page
  })
  beforeEach(() => void site.requests.splice(0))
  afterAll(() => site.close())

  /** Pages that let the click's time pass, and that time; every other one has all the time that a busy machine takes. */
  const silent: Readonly<Record<string, string>> = { nothing: '1500ms', late: '1500ms', elsewhere: '1500ms' }

  async function go(
    page: keyof typeof pages | 'elsewhere',
    rest: readonly JsonObject[],
    commit: JsonObject | true = true,
    egress: readonly string[] = []
  ) {
    const steps = [{ goto: `/${page}` }, { click: { role: 'button', name: 'Go' }, commit, timeout: silent[page] ?? '15s' }, ...rest]
    const parsed = parseAction(adapter, { effect: 'write', steps }, { timeout: '15s' })
    const call = callOf(parsed.steps, { url: site.url, egress: [site.url, ...egress] })
    return { call, output: await adapter.run(call).catch((error: unknown) => error) }
  }
  const heading = { extract: { heading: { css: 'h1' } } }

  test('a script that sends it twice: once', async () => {
    const { call } = await go('twice', [{ waitFor: { css: '#out', state: 'attached' } }])
    expect([posts(), call.seen.commits]).toEqual([['POST /post'], 1])
    expect(call.seen.sent).toMatch(/^POST \/post\n/)
  })
  test('a page that moves on after the answer may', async () => {
    expect(await go('later', [{ waitFor: { url: '/receipt' } }, heading])).toMatchObject({ output: { heading: 'Receipt' } })
    expect(posts()).toEqual(['POST /post'])
  })
  test('a redirect after the effect is followed', async () => {
    expect(await go('redirect', [heading])).toMatchObject({ output: { heading: 'Receipt' } })
    expect(posts()).toEqual(['POST /moved'])
  })
  test('a form that opens a window passes the gate too', async () => {
    const { call } = await go('window', [])
    expect(call.seen.commits).toBe(1)
    expect(posts().length).toBeLessThanOrEqual(1)
  })
  test('nothing leaves: never committed', async () => {
    const { call, output } = await go('nothing', [])
    expect(output).toMatchObject({ code: 'target_failed', message: expect.stringContaining('no request left the page') })
    expect(call.seen.commits).toBe(0)
  })
  test('a page that sends when the step is over: it never leaves', async () => {
    const { call, output } = await go('late', [])
    expect(output).toMatchObject({ message: expect.stringContaining('no request left the page') })
    await new Promise(resolve => setTimeout(resolve, 1_000))
    expect([call.seen.commits, posts()]).toEqual([0, []])
  })
  test('an error that shows while commit() is asked: the request never leaves', async () => {
    const steps = [{ goto: '/torn' }, { click: { role: 'button', name: 'Go' }, commit: true }, { waitFor: { text: 'never' } }]
    const errors = { refused: { status: 409, title: 'Refused', when: { text: 'Refused' } } }
    const parsed = parseAction(adapter, { effect: 'write', steps, errors })
    const commit = () => new Promise<void>(resolve => setTimeout(resolve, 2_000))
    const call = callOf(parsed.steps, { url: site.url, commit })
    await expect(adapter.run(call)).rejects.toMatchObject({ code: 'refused' })
    await new Promise(resolve => setTimeout(resolve, 2_500))
    expect(posts()).toEqual([])
  })
  test('no connection: evidence that nothing was sent', async () => {
    const { call, output } = await go('refused', [], true, ['http://127.0.0.1:1'])
    expect(output).toMatchObject({ name: 'NothingSent', message: expect.stringContaining('no connection to the target'), retryable: true })
    // Without a connection there is nothing to cross the commit point for.
    expect(call.seen.commits).toBe(0)
  })
  test('a request to elsewhere is none: it is not the effect, and it does not get out beside the browser', async () => {
    const elsewhere = await startSite({ '/post': '' })
    site.pages['/elsewhere'] = `<button onclick="fetch('${elsewhere.url}/post',{method:'POST',mode:'no-cors'}).catch(()=>0)">Go</button>`
    const { call, output } = await go('elsewhere', [], { request: 'POST /post' })
    expect(output).toMatchObject({ message: expect.stringContaining('no request left the page') })
    expect([call.seen.commits, elsewhere.requests]).toEqual([0, []])
    await elsewhere.close()
  })
  test('a declared request: others pass, it waits', async () => {
    const steps = [
      { goto: '/beacon' },
      { click: { role: 'button', name: 'Go' }, commit: { request: 'POST /post' } },
      { expect: { css: '#out', value: 'ok' } }
    ]
    const parsed = parseAction(adapter, { effect: 'write', steps })
    const commit = async () => void (await until('the other request', () => posts().includes('POST /log')))
    const call = callOf(parsed.steps, { url: site.url, commit })
    await adapter.run(call)
    expect([posts(), call.seen.commits]).toEqual([['POST /log', 'POST /post'], 1])
  })
  test('the browser may send it, when the manifest says so', async () => {
    expect(await go('redirect', [heading], { via: 'browser' })).toMatchObject({ output: { heading: 'Receipt' } })
  })
})
