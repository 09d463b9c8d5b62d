import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { readEffects } from '../../bots/sandbox.ts'
import { startTeller, type TellerOptions, type TellerSandbox } from '../../bots/teller/sandbox/server.ts'

let folder: string
let teller: TellerSandbox
const ledgerPath = () => join(folder, 'sandbox', 'teller.ledger.jsonl')

async function start(options: Partial<TellerOptions> = {}): Promise<void> {
  teller = await startTeller({ port: 0, ledgerPath: ledgerPath(), ...options })
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'teller-'))
  await start()
})
afterEach(async () => {
  await teller.close()
  rmSync(folder, { recursive: true })
})

/** A browser without a screen: keeps the cookie, follows no redirect, posts the view state of the page that it stands on. */
class Clerk {
  cookie = ''
  text = ''
  status = 0
  location: string | null = null

  async get(path: string): Promise<string> {
    return this.send(path, {})
  }

  async post(path: string, fields: Record<string, string>, viewState = this.viewState()): Promise<string> {
    return this.send(path, { method: 'POST', body: new URLSearchParams({ ...fields, __VIEWSTATE: viewState }) })
  }

  viewState(): string {
    return /name="__VIEWSTATE" id="[^"]*" value="([^"]*)"/.exec(this.text)?.[1] ?? ''
  }

  async signOn(user = 'teller1', password = 'Branch#2004'): Promise<this> {
    await this.get('/login')
    await this.post('/login', { user, password })
    return this
  }

  private async send(path: string, init: RequestInit): Promise<string> {
    const answer = await fetch(teller.url + path, {
      ...init,
      redirect: 'manual',
      headers: { cookie: this.cookie },
      signal: AbortSignal.timeout(2000)
    })
    this.cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? this.cookie
    this.status = answer.status
    this.location = answer.headers.get('location')
    this.text = await answer.text()
    return this.text
  }
}

const admin = (path: string, init?: RequestInit) => fetch(`${teller.url}/__sandbox/${path}`, init)
const setFaults = (body: object) => admin('faults', { method: 'POST', body: JSON.stringify(body) })
const money = { from: '40012345', to: '40012353', amount: '1,250.00', narrative: 'Rent', reference: 'RF-0001' }

async function transfer(clerk: Clerk, fields: Partial<typeof money> = {}): Promise<string> {
  const input = { ...money, ...fields }
  await clerk.get('/transfer')
  await clerk.post('/transfer', input)
  return clerk.post('/transfer/post', input)
}

/** The cells of the table with headers, row by row. */
function table(text: string): string[][] {
  const grid = /<table class="grid"[\s\S]*?<\/table>/.exec(text)?.[0] ?? ''
  const rows = [...grid.matchAll(/<tr[^>]*>([\s\S]*?)<\/tr>/g)]
  return rows.map(row => [...(row[1] ?? '').matchAll(/<t[hd][^>]*>([^<]*)</g)].map(cell => cell[1] ?? ''))
}

/** The field that a label stands for, as `getByLabel` finds it. */
function labelled(text: string, label: string): string | undefined {
  const id = new RegExp(`<label for="([^"]+)">${label}</label>`).exec(text)?.[1]
  return new RegExp(`<(?:input|select)[^>]* id="${id}"[^>]* name="(\\w+)"`).exec(text)?.[1]
}

describe('signing on', () => {
  test('leads to the main menu, and a wrong password does not', async () => {
    const clerk = await new Clerk().signOn()
    expect(clerk.location).toBe('/menu')
    expect((await clerk.get('/menu')).match(/Main menu/g)).toHaveLength(1)
    const stranger = await new Clerk().signOn('teller1', 'guess')
    expect(stranger.text).toContain('Invalid user ID or password')
    expect(stranger.cookie).toBe('')
  })

  test('takes the user and the password of the options', async () => {
    await teller.close()
    await start({ username: 'anna', password: 'x<y' })
    expect((await new Clerk().signOn('anna', 'x<y')).location).toBe('/menu')
  })

  test.each(['/', '/menu', '/accounts', '/transactions', '/txframe', '/transfer', '/transfers', '/dispute', '/disputes'])(
    'is needed for %s',
    async path => {
      const clerk = new Clerk()
      await clerk.get(path)
      expect(clerk.status).toBe(302)
      expect(await clerk.get(clerk.location ?? '')).toContain('Your session has expired')
    }
  )

  test('lasts for sessionTtlMs after the last request', async () => {
    await setFaults({ sessionTtlMs: 300 })
    const clerk = await new Clerk().signOn()
    for (const _ of [1, 2, 3]) {
      await sleep(150)
      await clerk.get('/menu')
      expect(clerk.status).toBe(200)
    }
    await sleep(350)
    await clerk.get('/menu')
    expect(clerk.location).toBe('/login?reason=expired')
  })

  test('ends for everyone with expireSessions, and for one with Sign off', async () => {
    const clerk = await new Clerk().signOn()
    await setFaults({ expireSessions: true })
    await clerk.get('/menu')
    expect(clerk.status).toBe(302)
    await clerk.signOn()
    await clerk.get('/logout')
    await clerk.get('/menu')
    expect(clerk.status).toBe(302)
  })

  test('throws the first session out when singleLogin is on, and only then', async () => {
    const first = await new Clerk().signOn()
    await new Clerk().signOn()
    await first.get('/menu')
    expect(first.status).toBe(200)
    await setFaults({ singleLogin: true })
    const second = await new Clerk().signOn()
    await first.get('/menu')
    expect(await first.get(first.location ?? '')).toContain('Your session has expired: the user signed on at another workstation')
    await second.get('/menu')
    expect(second.status).toBe(200)
  })
})

describe('pages', () => {
  const labels: ReadonlyArray<readonly [string, Record<string, string>]> = [
    ['/login', { 'User ID': 'user', Password: 'password' }],
    ['/accounts', { 'Account no': 'account' }],
    ['/transactions', { 'Account no': 'account' }],
    ['/transfer', { 'From account': 'from', 'To account': 'to', Amount: 'amount', Narrative: 'narrative', Reference: 'reference' }],
    ['/transfers', { Reference: 'reference' }],
    ['/dispute', { 'Account no': 'account', 'Transaction reference': 'transaction', Reason: 'reason', Note: 'note' }],
    ['/disputes', { Note: 'note' }]
  ]

  test.each(labels)('%s ties its labels to its fields', async (path, fields) => {
    const text = await (await new Clerk().signOn()).get(path)
    for (const [label, name] of Object.entries(fields)) expect([label, labelled(text, label)]).toEqual([label, name])
  })

  test('have other ids each time, each of them once', async () => {
    const clerk = await new Clerk().signOn()
    const ids = async () => [...(await clerk.get('/transfer')).matchAll(/ id="([^"]+)"/g)].map(match => match[1])
    const [first, second] = [await ids(), await ids()]
    expect(new Set(first).size).toBe(first.length)
    expect(first.filter(id => second.includes(id))).toEqual([])
  })

  test('refuse a POST without the view state of this form and this session', async () => {
    const clerk = await new Clerk().signOn()
    const other = await new Clerk().signOn()
    await clerk.get('/transfer')
    await other.get('/accounts')
    for (const token of ['', 'a.b', clerk.viewState(), other.viewState()]) {
      expect(await clerk.post('/accounts', { account: '40012345' }, token)).toContain('Invalid view state')
      expect(clerk.status).toBe(400)
    }
  })

  test('escape what people typed', async () => {
    const clerk = await new Clerk().signOn()
    const evil = `"><script>alert('&')</script>`
    await clerk.get('/accounts')
    const text = await clerk.post('/accounts', { account: evil })
    expect(text).not.toContain('<script>')
    expect(text).toContain('&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)')
  })

  test('show an account, or say with status 200 that there is none', async () => {
    const clerk = await new Clerk().signOn()
    await clerk.get('/accounts')
    const text = await clerk.post('/accounts', { account: '40012345' })
    const shown = [...text.matchAll(/<td class="fl">([^<]*)<\/td><td class="fv"[^>]*>([^<]*)</g)].map(match => match.slice(1))
    expect(Object.fromEntries(shown)).toMatchObject({
      Holder: 'Mrs Adaeze Okafor',
      Balance: '12,843.56',
      Currency: 'GBP',
      Opened: '14/03/1998'
    })
    await clerk.get('/accounts')
    expect(await clerk.post('/accounts', { account: '99999999' })).toContain('No such account')
    expect(clerk.status).toBe(200)
  })

  test('list the entries in a frame, ten to a page, and the balances add up', async () => {
    const clerk = await new Clerk().signOn()
    const source = /<iframe name="txframe"[^>]* src="([^"]+)"/.exec(await clerk.get('/transactions?account=40012345'))?.[1]
    const rows: string[][] = []
    let next = source
    for (let page = 1; next !== undefined; page++) {
      const text = await clerk.get(next.replaceAll('&amp;', '&'))
      expect(text).toContain(`Page ${page} of 4`)
      expect(/<a [^>]*>Previous<\/a>/.test(text)).toBe(page > 1)
      const [head, ...body] = table(text)
      expect(head).toEqual(['Date', 'Reference', 'Description', 'Amount', 'Balance'])
      rows.push(...body)
      next = /<a [^>]*href="([^"]+)">Next<\/a>/.exec(text)?.[1]
    }
    expect(rows).toHaveLength(37)
    expect(new Set(rows.map(row => row[1])).size).toBe(37)
    const cents = (text = '') => Math.round(Number(text.replaceAll(',', '')) * 100)
    for (const [index, row] of rows.slice(0, -1).entries()) {
      expect(row[0]).toMatch(/^\d\d\/\d\d\/\d{4}$/)
      expect(cents(row[4])).toBe(cents(row[3]) + cents(rows[index + 1]?.[4]))
    }
  })

  test('say that the system is down during maintenance', async () => {
    await setFaults({ maintenance: true })
    expect(await new Clerk().get('/login')).toContain('The system is down for maintenance')
    await setFaults({ maintenance: false })
    expect((await new Clerk().signOn()).location).toBe('/menu')
  })
})

describe('a transfer', () => {
  test('is checked, confirmed, posted, found again, and moves the money', async () => {
    const clerk = await new Clerk().signOn()
    await clerk.get('/transfer')
    const confirm = await clerk.post('/transfer', money)
    expect(confirm).toContain(`value="Confirm transfer" onclick="return confirm('Post this transfer?')"`)
    expect(readEffects(ledgerPath())).toEqual([])
    expect(await clerk.post('/transfer/post', money)).toContain('Transfer posted')
    const confirmation = /CN\d{8}/.exec(clerk.text)?.[0]
    await clerk.get('/transfers')
    const [head, ...found] = table(await clerk.post('/transfers', { reference: 'RF-0001' }))
    expect(head).toEqual(['Confirmation', 'Reference', 'From', 'To', 'Amount', 'Date'])
    expect(found.map(row => row.slice(0, 5))).toEqual([[confirmation, 'RF-0001', '40012345', '40012353', '1,250.00']])
    expect(await clerk.post('/transfers', { reference: 'RF-000' })).toContain('No transfer found')
    await clerk.get('/txframe?account=40012345')
    expect(table(clerk.text)[1]?.slice(1)).toEqual(['RF-0001', 'Rent', '-1,250.00', '11,593.56'])
  })

  const refusals: ReadonlyArray<readonly [string, Partial<typeof money>]> = [
    ['No such account', { to: '11111111' }],
    ['From account and To account are the same', { to: '40012345' }],
    ['Account is not open', { to: '40070234' }],
    ['Currencies differ', { to: '40041296' }],
    ['Invalid amount', { amount: '-5' }],
    ['Invalid amount', { amount: '0.00' }],
    ['Reference is required', { reference: ' ' }],
    ['Reference is too long', { reference: 'R'.repeat(21) }],
    ['Insufficient funds', { amount: '12,843.57' }]
  ]

  test.each(refusals)('is refused before and after the confirm page: %s', async (message, fields) => {
    const clerk = await new Clerk().signOn()
    await clerk.get('/transfer')
    expect(await clerk.post('/transfer', { ...money, ...fields })).toContain(message)
    expect([clerk.status, clerk.text.includes('Confirm transfer')]).toEqual([200, false])
    await clerk.post('/transfer', money)
    expect(await clerk.post('/transfer/post', { ...money, ...fields })).toContain(message)
    expect(readEffects(ledgerPath())).toEqual([])
  })

  test('that is posted twice is in the ledger twice, with one hash', async () => {
    const clerk = await new Clerk().signOn()
    await transfer(clerk)
    await transfer(clerk)
    const lines = readEffects(ledgerPath())
    expect(lines).toMatchObject([
      { seq: 1, action: 'transfer', reference: 'RF-0001' },
      { seq: 2, action: 'transfer', reference: 'RF-0001' }
    ])
    expect(lines[0]?.payloadHash).toBe(lines[1]?.payloadHash)
    expect(await (await admin('effects')).json()).toEqual(lines)
  })

  test('is still known after a restart, and the ledger counts on', async () => {
    await transfer(await new Clerk().signOn())
    await teller.close()
    await start()
    const clerk = await new Clerk().signOn()
    await clerk.get('/transfers')
    expect(await clerk.post('/transfers', { reference: 'RF-0001' })).toContain('RF-0001</td><td>40012345')
    await clerk.get('/accounts')
    expect(await clerk.post('/accounts', { account: '40012345' })).toContain('11,593.56')
    await transfer(clerk, { reference: 'RF-0002' })
    expect(readEffects(ledgerPath()).map(effect => [effect.seq, effect.reference])).toEqual([
      [1, 'RF-0001'],
      [2, 'RF-0002']
    ])
    expect(new Set(clerk.text.match(/CN\d{8}/g)).has('CN70310001')).toBe(false)
  })
})

test('a dispute is filed under a case number and found by its note', async () => {
  const clerk = await new Clerk().signOn()
  const dispute = { account: '40012345', transaction: 'TX123450037', reason: 'Wrong amount', note: 'Customer called [RF-77]' }
  await clerk.get('/dispute')
  expect(await clerk.post('/dispute', { ...dispute, transaction: 'TX0' })).toContain('No such transaction')
  expect(await clerk.post('/dispute', dispute)).toMatch(/Case number<\/td><td[^>]*>DC\d{8}</)
  const caseNo = /DC\d{8}/.exec(clerk.text)?.[0]
  await clerk.get('/disputes')
  const [head, row] = table(await clerk.post('/disputes', { note: 'RF-77' }))
  expect(head).toEqual(['Case', 'Note', 'Account', 'Transaction', 'Reason', 'Status', 'Date'])
  expect(row?.slice(0, 6)).toEqual([caseNo, dispute.note, '40012345', 'TX123450037', 'Wrong amount', 'Open'])
  expect(await clerk.post('/disputes', { note: 'RF-78' })).toContain('No dispute found')
  expect(readEffects(ledgerPath())).toMatchObject([{ action: 'dispute_transaction', reference: dispute.note }])
})

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
    expect(await failure()).toBe('TimeoutError')
    expect(applied()).toEqual([true])
    const pending = failure()
    await sleep(100)
    const startedAt = Date.now()
    await teller.close()
    expect(Date.now() - startedAt).toBeLessThan(500)
    await pending
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
})
