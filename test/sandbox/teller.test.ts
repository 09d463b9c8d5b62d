import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { readEffects } from '../../bots/sandbox.ts'
import { admin, Clerk, labelled, ledgerPath, money, setFaults, start, table, teller, tellerForEachTest, transfer } from './portal.ts'

tellerForEachTest()

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
