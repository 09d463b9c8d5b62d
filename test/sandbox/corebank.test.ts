import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { startCorebank } from '../../bots/corebank/sandbox/server.ts'
import { type Element, parseXml } from '../../bots/corebank/sandbox/xml.ts'
import { noFaults, readEffects, type Sandbox } from '../../bots/sandbox.ts'
import { checker, descendant, plain } from './xsd.ts'

const bank = 'urn:bank.example:corebank:v1'
const soap = 'http://schemas.xmlsoap.org/soap/envelope/'
const authorization = `Basic ${btoa('svc_retrofit:S3rvice!Bus')}`
const folder = mkdtempSync(join(tmpdir(), 'corebank-'))
const ledgerPath = join(folder, 'corebank.ledger.jsonl')
let sandbox: Sandbox
let schema: Element
let mistakes: (node: Element) => string[]
let lastReference = 0

beforeAll(async () => {
  sandbox = await startCorebank({ port: 0, ledgerPath })
  schema = descendant(parseXml(await (await fetch(`${sandbox.url}?wsdl`)).text()), 'types', 'schema')
  mistakes = checker(schema)
})
afterEach(() => {
  sandbox.effects.faults = { ...noFaults }
})
afterAll(async () => {
  await sandbox.close()
  rmSync(folder, { recursive: true })
})

const envelope = (body: string) => `<s:Envelope xmlns:s="${soap}" xmlns="${bank}"><s:Body>${body}</s:Body></s:Envelope>`
const newReference = () => `RF-TEST-${++lastReference}`
const payment = (reference: string, amount = '12.50', from = '4010001001') =>
  `<PostPayment><fromAccount>${from}</fromAccount><toAccount>4010003001</toAccount><amount currency="EUR">${amount}</amount>` +
  `<valueDate>2025-03-31</valueDate><remittance>Invoice &lt;77&gt; &amp; fee</remittance><reference>${reference}</reference></PostPayment>`
const find = (reference: string) => `<FindPayment><reference>${reference}</reference></FindPayment>`

function post(xml: string, action: string): Promise<Response> {
  const headers = { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${bank}/${action}"`, authorization }
  return fetch(sandbox.url, { method: 'POST', headers, body: xml, signal: AbortSignal.timeout(2_000) })
}

/** Posts a request that agrees with the WSDL; the answer is checked against it too. */
async function call(body: string): Promise<Element> {
  const request = descendant(parseXml(envelope(body)), 'Body').children[0] as Element
  expect(mistakes(request)).toEqual([])
  const response = await post(envelope(body), request.name)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/xml; charset=utf-8')
  const answer = descendant(parseXml(await response.text()), 'Body').children[0] as Element
  expect(answer).toMatchObject({ name: `${request.name}Response`, namespace: bank })
  expect(mistakes(answer)).toEqual([])
  return answer
}

async function fault(xml: string, action: string): Promise<{ code: string; text: string; detail: unknown }> {
  const response = await post(xml, action)
  expect(response.status).toBe(500)
  const node = descendant(parseXml(await response.text()), 'Body', 'Fault')
  const { faultcode = '', faultstring = '' } = plain(node) as Record<string, string>
  const detail = node.children.find(({ name }) => name === 'detail')
  for (const entry of detail?.children ?? []) expect(mistakes(entry)).toEqual([])
  return { code: faultcode, text: faultstring, detail: detail === undefined ? undefined : plain(detail) }
}

describe('the WSDL', () => {
  test('is served without a login, with the real address', async () => {
    const response = await fetch(`${sandbox.url}?wsdl`)
    expect(response.status).toBe(200)
    const wsdl = parseXml(await response.text())
    expect(wsdl).toMatchObject({ name: 'definitions', attributes: { targetNamespace: bank } })
    expect(descendant(wsdl, 'service', 'port', 'address').attributes.location).toBe(sandbox.url)
    expect(schema.attributes).toMatchObject({ targetNamespace: bank, elementFormDefault: 'qualified' })
  })

  test('refers only to types that it declares', () => {
    const uses = (node: Element): string[] => [...Object.values(node.attributes), ...node.children.flatMap(uses)]
    const names = schema.children.map(({ attributes }) => `tns:${attributes.name}`)
    for (const use of uses(schema).filter(value => value.startsWith('tns:'))) expect(names).toContain(use)
  })
})

test('the check against the schema finds what is wrong', () => {
  const wrong = (body: string) => mistakes(descendant(parseXml(envelope(body)), 'Body').children[0] as Element)
  expect(wrong('<GetCustomer/>')).toEqual(['GetCustomer lacks customerId'])
  expect(wrong('<GetCustomer><customerId>1</customerId></GetCustomer>')).toEqual(['customerId: 1 is no tns:CustomerId'])
  expect(wrong('<FindPayment><reference a="b">R</reference><more/></FindPayment>')).toEqual([
    'reference@a is not expected',
    'more is not expected in FindPayment'
  ])
  expect(wrong(payment('R').replace(' currency="EUR"', ''))).toEqual(['amount@currency:  is no tns:Currency'])
})

describe('operations', () => {
  test('GetCustomer: nested and repeated elements', async () => {
    const answer = plain(await call('<GetCustomer><customerId>C-1001</customerId></GetCustomer>'))
    expect(answer).toEqual({
      customer: {
        customerId: 'C-1001',
        name: { given: 'Maria', family: 'Keller' },
        dateOfBirth: '1984-03-12',
        email: 'maria.keller@mail.example',
        address: [
          { '@use': 'HOME', line: ['Lindenstrasse 14', '3. OG'], city: 'Berlin', postalCode: '10969', country: 'DE' },
          { '@use': 'POSTAL', line: 'Postfach 3310', city: 'Berlin', postalCode: '10117', country: 'DE' }
        ],
        status: 'ACTIVE'
      }
    })
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('customer C-100%i and its accounts agree with the schema', async last => {
    await call(`<GetCustomer><customerId>C-100${last}</customerId></GetCustomer>`)
    const answer = await call(`<ListAccounts><customerId>C-100${last}</customerId></ListAccounts>`)
    expect([2, 3]).toContain(answer.children.length)
  })

  test('optional elements are left out', async () => {
    const { children } = descendant(await call('<GetCustomer><customerId>C-1006</customerId></GetCustomer>'), 'customer')
    expect(children.map(({ name }) => name)).toEqual(['customerId', 'name', 'dateOfBirth', 'status'])
  })

  test('ListAccounts filters by type', async () => {
    const answer = plain(await call('<ListAccounts><customerId>C-1001</customerId><type>LOAN</type></ListAccounts>'))
    const balance = { '@currency': 'EUR', text: '-143200.17' }
    expect(answer).toEqual({ account: { number: '4010001003', type: 'LOAN', balance, opened: '2018-02-28' } })
    expect((await call('<ListAccounts><customerId>C-1002</customerId><type>LOAN</type></ListAccounts>')).children).toEqual([])
  })

  test('PostPayment moves the money to the cent, FindPayment finds it', async () => {
    const balances = async () => [await balanceOf('C-1001', 0), await balanceOf('C-1003', 0)]
    const [from = 0, to = 0] = await balances()
    const reference = newReference()
    expect((await call(find(reference))).children).toEqual([])
    const receipt = plain(await call(payment(reference, '0.1'))) as Record<string, unknown>
    expect(receipt).toEqual({
      confirmationNumber: expect.stringMatching(/^CB\d{6}$/),
      postedAt: expect.stringMatching(/Z$/),
      newBalance: { '@currency': 'EUR', text: ((from - 10) / 100).toFixed(2) }
    })
    expect(await balances()).toEqual([from - 10, to + 10])
    const found = plain(await call(find(reference))) as Record<string, unknown>
    expect(found.payment).toEqual({
      ...receipt,
      reference,
      fromAccount: '4010001001',
      toAccount: '4010003001',
      amount: { '@currency': 'EUR', text: '0.10' },
      valueDate: '2025-03-31',
      remittance: 'Invoice <77> & fee'
    })
  })

  test('prefixes and comments do not matter', async () => {
    const xml = `<?xml version="1.0"?><!-- c --><x:Envelope xmlns:x="${soap}"><x:Header/><x:Body><q:FindPayment xmlns:q="${bank}">
      <q:reference> NONE </q:reference></q:FindPayment></x:Body></x:Envelope>`
    expect((await post(xml, 'FindPayment')).status).toBe(200)
  })
})

async function balanceOf(customerId: string, index: number): Promise<number> {
  const answer = await call(`<ListAccounts><customerId>${customerId}</customerId></ListAccounts>`)
  return Math.round(Number(descendant(answer.children[index] as Element, 'balance').text) * 100)
}

describe('faults', () => {
  test('CustomerNotFoundFault', async () => {
    const detail = { CustomerNotFoundFault: { customerId: 'C-9999' } }
    const expected = { code: 'soap:Client', text: 'Customer not found', detail }
    for (const operation of ['GetCustomer', 'ListAccounts'])
      expect(await fault(envelope(`<${operation}><customerId>C-9999</customerId></${operation}>`), operation)).toEqual(expected)
  })

  test('InsufficientFundsFault, and nothing in the ledger', async () => {
    const reference = newReference()
    const available = { '@currency': 'EUR', text: '88.50' }
    const requested = { '@currency': 'EUR', text: '88.51' }
    expect(await fault(envelope(payment(reference, '88.51', '4010006001')), 'PostPayment')).toEqual({
      code: 'soap:Client',
      text: 'Insufficient funds',
      detail: { InsufficientFundsFault: { account: '4010006001', available, requested } }
    })
    expect(ledger(reference)).toEqual([])
  })

  const valid = '<GetCustomer><customerId>C-1001</customerId></GetCustomer>'
  const order = payment('RF-BAD')
  test.each([
    ['not XML', 'hello', 'GetCustomer', /^Malformed request/],
    ['a cut-off document', envelope(valid).slice(0, -20), 'GetCustomer', /^Malformed request/],
    ['a DOCTYPE', `<!DOCTYPE a [<!ENTITY b "c">]>${envelope(valid)}`, 'GetCustomer', /DOCTYPE/],
    ['an empty body', envelope(''), 'GetCustomer', /one child/],
    ['an unknown operation', envelope('<CloseBank/>'), 'CloseBank', /Unknown operation \{urn:bank.example:corebank:v1\}CloseBank/],
    ['another namespace', envelope(valid.replace('>', ' xmlns="urn:x">')), 'GetCustomer', /Unknown operation/],
    ['a missing element', envelope('<GetCustomer/>'), 'GetCustomer', /customerId is missing/],
    ['a bad value', envelope(valid.replace('C-1001', '1001')), 'GetCustomer', /value of customerId/],
    ['an extra element', envelope(valid.replace('</G', '<more/></G')), 'GetCustomer', /unexpected element/],
    [
      'elements out of order',
      envelope(order.replace(/(<toA.*toAccount>)(<amount.*amount>)/, '$2$1')),
      'PostPayment',
      /toAccount is missing/
    ],
    ['an amount without currency', envelope(order.replace(' currency="EUR"', '')), 'PostPayment', /attribute currency/],
    ['an amount of three decimals', envelope(order.replace('12.50', '12.505')), 'PostPayment', /value of amount/],
    ['no amount', envelope(order.replace('12.50', '0.00')), 'PostPayment', /value of amount/],
    ['a day that is none', envelope(order.replace('2025-03-31', '2025-02-30')), 'PostPayment', /value of valueDate/],
    ['an unknown account', envelope(order.replace('4010003001', '4019999999')), 'PostPayment', /^Unknown account 4019999999$/],
    ['another currency', envelope(order.replace('EUR', 'USD')), 'PostPayment', /not kept in USD/],
    ['the wrong SOAPAction', envelope(valid), 'ListAccounts', /SOAPAction/]
  ])('soap:Client for %s', async (_, xml, action, message) => {
    expect(await fault(xml, action)).toEqual({ code: 'soap:Client', text: expect.stringMatching(message), detail: undefined })
    expect(ledger('RF-BAD')).toEqual([])
  })

  test('VersionMismatch and MustUnderstand', async () => {
    const soap12 = envelope(valid).replace(soap, 'http://www.w3.org/2003/05/soap-envelope')
    expect(await fault(soap12, 'GetCustomer')).toMatchObject({ code: 'soap:VersionMismatch' })
    const header = '<s:Header><h:Token xmlns:h="urn:h" s:mustUnderstand="1"/></s:Header><s:Body>'
    expect(await fault(envelope(valid).replace('<s:Body>', header), 'GetCustomer')).toMatchObject({ code: 'soap:MustUnderstand' })
  })
})

const ledger = (reference: string) => readEffects(ledgerPath).filter(effect => effect.reference === reference)

describe('effects', () => {
  const isBooked = async (reference: string) => (await call(find(reference))).children.length > 0

  test('ok: one line for each payment received, duplicates included', async () => {
    const reference = newReference()
    await call(payment(reference))
    await call(payment(reference))
    const lines = ledger(reference)
    expect(lines).toHaveLength(2)
    expect(lines[0]).toEqual({
      seq: expect.any(Number),
      receivedAt: expect.any(Number),
      appliedAt: expect.any(Number),
      action: 'post_payment',
      reference,
      payloadHash: expect.stringMatching(/^[0-9a-f]{64}$/)
    })
    expect(lines[1]?.payloadHash).toBe(lines[0]?.payloadHash)
  })

  test('fail: applied, then soap:Server', async () => {
    const reference = newReference()
    sandbox.effects.faults = { ...noFaults, failAfterApply: true, times: 1 }
    expect(await fault(envelope(payment(reference)), 'PostPayment')).toMatchObject({ code: 'soap:Server', text: 'Internal error' })
    expect(await isBooked(reference)).toBe(true)
    expect(ledger(reference)).toHaveLength(1)
  })

  test('duplicate: refused, also when the first one took the last cent', async () => {
    const reference = newReference()
    sandbox.effects.faults = { ...noFaults, rejectDuplicates: true }
    await call(payment(reference, '675.40', '4010007001'))
    const again = await fault(envelope(payment(reference, '675.40', '4010007001')), 'PostPayment')
    expect(again).toEqual({ code: 'soap:Client', text: 'Duplicate reference', detail: undefined })
    expect(ledger(reference)).toHaveLength(1)
  })

  test('hang: applied, never answered', async () => {
    const reference = newReference()
    sandbox.effects.faults = { ...noFaults, hangAfterApply: true, times: 1 }
    await expect(post(envelope(payment(reference)), 'PostPayment')).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(await isBooked(reference)).toBe(true)
  })

  test.each([
    ['before', false],
    ['after', true]
  ] as const)('drop %s', async (dropConnection, booked) => {
    const reference = newReference()
    sandbox.effects.faults = { ...noFaults, dropConnection, times: 1 }
    await expect(post(envelope(payment(reference)), 'PostPayment')).rejects.toThrow('fetch failed')
    expect(await isBooked(reference)).toBe(booked)
    expect(ledger(reference)).toHaveLength(booked ? 1 : 0)
  })

  test('accepted without being applied', async () => {
    const reference = newReference()
    sandbox.effects.faults = { ...noFaults, acceptWithoutApply: true, times: 1 }
    const before = await balanceOf('C-1001', 0)
    await call(payment(reference))
    expect(await isBooked(reference)).toBe(false)
    expect(await balanceOf('C-1001', 0)).toBe(before)
    expect(ledger(reference)).toMatchObject([{ appliedAt: null }])
  })

  test('applied late, also when the client has gone and the server is closing', async () => {
    const path = join(folder, 'late.jsonl')
    const late = await startCorebank({ port: 0, ledgerPath: path, login: false, faults: { applyLateMs: 1_500 } })
    const headers = { 'content-type': 'text/xml', soapaction: `${bank}/PostPayment` }
    const gone = fetch(late.url, { method: 'POST', body: envelope(payment('LATE')), headers, signal: AbortSignal.timeout(100) })
    await expect(gone).rejects.toMatchObject({ name: 'TimeoutError' })
    await late.close()
    // Closing did not wait for it.
    expect(readEffects(path)).toEqual([])
    while (readEffects(path).length === 0) await new Promise(resolve => setTimeout(resolve, 50))
    expect(readEffects(path)).toMatchObject([{ reference: 'LATE', appliedAt: expect.any(Number) }])
  })

  test('delayMs delays every answer; faults are set over the admin path', async () => {
    const admin = (body: object) => fetch(new URL('/__sandbox/faults', sandbox.url), { method: 'POST', body: JSON.stringify(body) })
    expect((await admin({ delayMs: 150 })).status).toBe(200)
    const start = performance.now()
    await call('<GetCustomer><customerId>C-1001</customerId></GetCustomer>')
    await fault('nonsense', 'GetCustomer')
    expect(performance.now() - start).toBeGreaterThan(295)
  })
})

test('a restart forgets no payment', async () => {
  const path = join(folder, 'again.ledger.jsonl')
  const before = await startCorebank({ port: 0, ledgerPath: path })
  const reference = newReference()
  const send = (url: string, body: string, action: string) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${bank}/${action}"`, authorization },
      body: envelope(body)
    }).then(response => response.text())
  const confirmation = /CB\d+/.exec(await send(before.url, payment(reference), 'PostPayment'))?.[0]
  await before.close()
  const after = await startCorebank({ port: 0, ledgerPath: path })
  const found = await send(after.url, find(reference), 'FindPayment')
  const second = await send(after.url, payment(newReference()), 'PostPayment')
  await after.close()
  expect(confirmation).toBe('CB700001')
  expect(found).toContain('<cb:confirmationNumber>CB700001</cb:confirmationNumber>')
  expect(second).toContain('CB700002')
})
