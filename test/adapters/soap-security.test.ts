import { execFileSync } from 'node:child_process'
import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import { attribute, childElements, type JsonObject, parseXmlTree, textContent, type XmlElement } from '../../src/index.ts'
import { type CallOptions, compile, corebank, failure, login, newCall } from './soap/fixture.ts'
import { envelope, type RawServer, startRawServer, xml } from './soap/raw-server.ts'

const adapter = createAdapter()
const limits = { characters: 1_000_000, depth: 50, elements: 1_000, attributes: 50, textCharacters: 100_000 }
const customer =
  '<GetCustomerResponse xmlns="urn:bank.example:corebank:v1"><customer><customerId>C-1</customerId><name><given>A</given><family>P</family></name></customer></GetCustomerResponse>'
let server: RawServer

beforeAll(async () => {
  server = await startRawServer()
})
beforeEach(() => {
  server.seen.length = 0
  server.answer = xml(envelope(customer))
})
afterAll(async () => {
  await adapter.close()
  await server.close()
})

const manifest = (target: JsonObject, action: JsonObject = {}, name = 'get_customer') => ({
  ...corebank,
  target: { ...corebank.target, auth: 'none', ...target },
  actions: { [name]: { ...corebank.actions[name], ...action } }
})
interface Asked extends Partial<CallOptions> {
  readonly action?: JsonObject
  readonly name?: string
}
function prepare(target: JsonObject, { action, name = 'get_customer', ...options }: Asked = {}) {
  const { plan, issues } = compile(manifest(target, action, name), name)
  expect(issues).toEqual([])
  const input = name === 'get_customer' ? { customer_id: 'C-1' } : (corebank.actions[name]?.example as JsonObject)
  return newCall({ plan, url: server.url, input, ...options })
}
const ask = async (target: JsonObject, asked: Asked = {}) => {
  const recorded = prepare(target, asked)
  const output = await adapter.run(recorded.call)
  return { ...recorded, output, sent: open(server.seen.at(-1)?.body ?? '') }
}
const issuesOf = (target: JsonObject, action: JsonObject = {}) => compile(manifest(target, action), 'get_customer').issues

function open(text: string) {
  const root = parseXmlTree(text, { limits })
  const named = (at: XmlElement | undefined, ...path: string[]): XmlElement | undefined =>
    path.reduce((found: XmlElement | undefined, local) => found && childElements(found).find(each => each.local === local), at)
  const find = (...path: string[]) => named(root, ...path)
  return { root, find, text: (...path: string[]) => textContent(find(...path) as XmlElement) }
}
const wss = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss'

describe('WS-Security UsernameToken', () => {
  test('text: the name and the password, escaped', async () => {
    const credentials = { username: 'a&b', password: 'p<"]]>&' }
    const { sent, output } = await ask({ security: { usernameToken: 'text' } }, { credentials })
    const token = ['Header', 'Security', 'UsernameToken']
    expect(sent.text(...token, 'Username')).toBe('a&b')
    expect(sent.text(...token, 'Password')).toBe('p<"]]>&')
    expect(attribute(sent.find(...token, 'Password') as XmlElement, 'Type')).toBe(`${wss}-username-token-profile-1.0#PasswordText`)
    expect(sent.find(...token, 'Nonce')).toBeUndefined()
    const security = sent.find('Header', 'Security') as XmlElement
    expect(security.uri).toBe(`${wss}-wssecurity-secext-1.0.xsd`)
    expect(attribute(security, 'mustUnderstand', sent.root.uri)).toBe('1')
    expect(output).toMatchObject({ customer_id: 'C-1' })
  })

  test('digest: as openssl computes it, with a nonce that is never used twice', async () => {
    const nonces = new Set<string>()
    for (const password of ['S3rvice!Bus', 'pässwörd€']) {
      const { sent } = await ask({ security: { usernameToken: 'digest' } }, { credentials: { username: 'u', password } })
      const [nonce, created, digest] = ['Nonce', 'Created', 'Password'].map(name => sent.text('Header', 'Security', 'UsernameToken', name))
      const input = Buffer.concat([Buffer.from(nonce as string, 'base64'), Buffer.from(`${created}${password}`)])
      expect(digest).toBe(execFileSync('openssl', ['dgst', '-sha1', '-binary'], { input }).toString('base64'))
      expect(Buffer.from(nonce as string, 'base64')).toHaveLength(16)
      expect(Math.abs(Date.parse(created as string) - Date.now())).toBeLessThan(60_000)
      expect(created).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(server.seen.at(-1)?.body).not.toContain(password)
      nonces.add(nonce as string)
    }
    expect(nonces.size).toBe(2)
  })

  test('the forms in between: text with a nonce, no password at all', async () => {
    const { sent } = await ask({ security: { usernameToken: { password: 'text', nonce: true } } })
    expect(childElements(sent.find('Header', 'Security', 'UsernameToken') as XmlElement).map(({ local }) => local)).toEqual([
      'Username',
      'Password',
      'Nonce',
      'Created'
    ])
    const { sent: named } = await ask(
      { security: { usernameToken: { password: 'none', nonce: false } } },
      { credentials: { username: 'u' } }
    )
    expect(childElements(named.find('Header', 'Security', 'UsernameToken') as XmlElement).map(({ local }) => local)).toEqual(['Username'])
  })

  test('Timestamp, actor and mustUnderstand, in both versions of SOAP', async () => {
    const security = { timestamp: '5m', mustUnderstand: false, actor: 'urn:gate' }
    const { sent } = await ask({ security })
    const [created, expires] = ['Created', 'Expires'].map(name => Date.parse(sent.text('Header', 'Security', 'Timestamp', name)))
    expect((expires ?? 0) - (created ?? 0)).toBe(300_000)
    expect(attribute(sent.find('Header', 'Security') as XmlElement, 'actor', sent.root.uri)).toBe('urn:gate')
    expect(attribute(sent.find('Header', 'Security') as XmlElement, 'mustUnderstand', sent.root.uri)).toBeUndefined()
    const uri = 'http://www.w3.org/2003/05/soap-envelope'
    server.answer = xml(envelope(customer, uri))
    const { sent: newer } = await ask({ security, soap: '1.2' })
    expect(attribute(newer.find('Header', 'Security') as XmlElement, 'role', uri)).toBe('urn:gate')
    expect(server.seen.at(-1)?.headers['content-type']).toMatch(/^application\/soap\+xml; charset=utf-8(; action="[^"]*")?$/)
  })

  test.each([[{ username: 'u' }], [{ password: 'p' }], [{ username: 'u', password: 'a\u0000b' }]])(
    'credentials %j send nothing',
    async credentials => {
      const { call, commits } = prepare({ security: { usernameToken: 'text' } }, { credentials, name: 'post_payment' })
      const error = await failure(adapter.run(call))
      expect(error).toMatchObject({
        code: 'target_failed',
        retryable: false,
        message: expect.stringMatching(/^The target's credentials .*Nothing was sent/)
      })
      expect({ commits, seen: server.seen }).toEqual({ commits: 0, seen: [] })
    }
  )
})

describe('WS-Addressing', () => {
  test('says what the message is and where it goes', async () => {
    const { sent, call } = await ask({ addressing: true })
    const header = sent.find('Header') as XmlElement
    expect(childElements(header).map(({ uri, local }) => `${uri} ${local}`)).toEqual(
      ['Action', 'To', 'MessageID', 'ReplyTo'].map(local => `http://www.w3.org/2005/08/addressing ${local}`)
    )
    expect(sent.text('Header', 'Action')).toBe(corebank.actions.get_customer?.soapAction)
    expect(sent.text('Header', 'To')).toBe(server.url)
    expect(sent.text('Header', 'MessageID')).toMatch(`urn:retrofit:${call.run.id}:${call.run.reference}:read:`)
    expect(sent.text('Header', 'ReplyTo', 'Address')).toBe('http://www.w3.org/2005/08/addressing/anonymous')
  })

  test('the older version, another address, an action of its own', async () => {
    const { sent } = await ask(
      { addressing: { version: '2004/08', to: 'urn:logical' } },
      { action: { wsaAction: 'urn:own', response: { ...(corebank.actions.get_customer?.response as JsonObject) } } }
    )
    expect(sent.find('Header', 'To')?.uri).toBe('http://schemas.xmlsoap.org/ws/2004/08/addressing')
    expect([sent.text('Header', 'To'), sent.text('Header', 'Action')]).toEqual(['urn:logical', 'urn:own'])
  })

  test('a commit of a run has one id however often it is sent, reads have ids of their own', async () => {
    const ids: string[] = []
    server.answer = response => void response.writeHead(500).end()
    for (const _ of [1, 2]) {
      await failure(adapter.run(prepare({ addressing: true }, { name: 'post_payment', reference: 'RF-ONE' }).call))
      ids.push(open(server.seen.at(-1)?.body ?? '').text('Header', 'MessageID'))
    }
    expect(ids).toEqual(['urn:retrofit:run_1:RF-ONE', 'urn:retrofit:run_1:RF-ONE'])
    server.answer = xml(envelope(customer))
    const reads = [await ask({ addressing: true }, { reference: 'RF-TWO' }), await ask({ addressing: true }, { reference: 'RF-TWO' })]
    expect(new Set(reads.map(({ sent }) => sent.text('Header', 'MessageID'))).size).toBe(2)
  })

  const related = (id: string, more = '') =>
    envelope(customer).replace(
      '<e:Body>',
      `<e:Header><a:RelatesTo xmlns:a="http://www.w3.org/2005/08/addressing"${more}>${id}</a:RelatesTo></e:Header><e:Body>`
    )
  const answering = (id: (own: string) => string, more?: string) => (response: ServerResponse, body: string) =>
    xml(related(id(open(body).text('Header', 'MessageID')), more))(response)

  test('an answer to this message is taken, one to another is not', async () => {
    server.answer = answering(own => ` ${own} `)
    expect((await ask({ addressing: true })).output).toMatchObject({ customer_id: 'C-1' })
    server.answer = answering(() => 'urn:other', ' RelationshipType="urn:duplicate-of"')
    expect((await ask({ addressing: true })).output).toMatchObject({ customer_id: 'C-1' })
    server.answer = answering(own => `${own}0`)
    const error = await failure(adapter.run(prepare({ addressing: true }).call))
    expect(error).toMatchObject({
      code: 'invalid_output',
      effect: 'none',
      message: expect.stringContaining('the answer to another message')
    })
  })
})

describe('headers of its own', () => {
  const target = { namespaces: { ...(corebank.target.namespaces as JsonObject), h: 'urn:h', i: 'urn:i' } }
  const headers = {
    'h:Login': {
      '@soapenv:mustUnderstand': '1',
      '@version': 2,
      'h:User': '{{ credentials.username }}',
      'i:Run': '{{ run.reference }}',
      'h:Tag': ['a', '{{ input.customer_id }}', null],
      'h:Absent': '{{ optional input.nothing }}'
    }
  }

  test('elements, attributes, lists and expressions, in order and escaped', async () => {
    const { sent, call } = await ask(
      { ...target, headers },
      { credentials: { username: '<u&>' }, action: { headers: { 'i:Trace': { '#text': 'on', '@i:level': 3 } } } }
    )
    const login = sent.find('Header', 'Login') as XmlElement
    expect(login.uri).toBe('urn:h')
    expect(login.attributes.map(({ uri, local, value }) => [uri, local, value])).toEqual([
      [sent.root.uri, 'mustUnderstand', '1'],
      ['', 'version', '2']
    ])
    expect(childElements(login).map(each => [each.uri, each.local, textContent(each)])).toEqual([
      ['urn:h', 'User', '<u&>'],
      ['urn:i', 'Run', call.run.reference],
      ['urn:h', 'Tag', 'a'],
      ['urn:h', 'Tag', 'C-1']
    ])
    const trace = sent.find('Header', 'Trace') as XmlElement
    expect([trace.uri, textContent(trace), attribute(trace, 'level', 'urn:i')]).toEqual(['urn:i', 'on', '3'])
  })

  test.each([
    ['a name that an expression brings', { 'h:Login': "{{ {'x:y': 1} }}" }],
    ['a control character', { 'h:Login': "{{ $join(['a', $base64decode('AQ==')]) }}" }],
    ['an object in an attribute', { 'h:Login': { '@a': "{{ {'h:Login': 1} }}" } }]
  ])('%s is refused before anything is sent', async (_, own) => {
    const error = await failure(adapter.run(prepare({ ...target, headers: own }).call))
    expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringMatching(/^The request can not be written: \/headers/) })
    expect(server.seen).toEqual([])
  })

  test('secured: false goes without all of it', async () => {
    const { sent } = await ask({ ...target, headers, addressing: true, security: { timestamp: '1m' } }, { action: { secured: false } })
    expect(sent.find('Header')).toBeUndefined()
  })
})

test('no artifact and no error shows what the headers tell, in whatever spelling', async () => {
  const password = 'Planted&Secret-1'
  const target = {
    namespaces: { ...(corebank.target.namespaces as JsonObject), h: 'urn:h' },
    security: { usernameToken: 'digest' },
    headers: { 'h:Key': { '@proof': '{{ $base64encode(credentials.password) }}', 'h:Inner': '{{ $base64encode(credentials.password) }}' } }
  }
  let echoed = ''
  server.answer = (response, body) => {
    echoed = body
    xml(
      envelope(
        `<e:Fault><faultcode>e:Server</faultcode><faultstring>no</faultstring><detail>${body.replace(/<\?.*?\?>/, '')}</detail></e:Fault>`
      ),
      500
    )(response)
  }
  const { call, attached } = prepare(target, { name: 'post_payment', credentials: { ...login, password } })
  const error = await failure(adapter.run(call))
  expect(error).toMatchObject({ effect: 'unknown' })
  expect([...attached.keys()]).toEqual(['request-1.txt', 'answer-1.txt'])
  const { text } = open(echoed)
  const secrets = [
    password,
    Buffer.from(password).toString('base64'),
    text('Header', 'Security', 'UsernameToken', 'Nonce'),
    text('Header', 'Security', 'UsernameToken', 'Password')
  ]
  for (const shown of [...attached.values(), JSON.stringify(error), String(error.stack)])
    for (const secret of secrets) expect(shown).not.toContain(secret)
  expect(attached.get('request-1.txt')).toContain('UsernameToken')
})

test('a read on a connection that was closed is written anew: no nonce goes out twice', async () => {
  const bodies: string[] = []
  server.answer = (response, body) => {
    bodies.push(body)
    if (bodies.length === 2) response.socket?.resetAndDestroy()
    else xml(envelope(customer))(response)
  }
  for (const _ of [1, 2]) await adapter.run(prepare({ security: { usernameToken: 'digest' }, addressing: true }).call)
  expect(bodies).toHaveLength(3)
  const nonces = bodies.map(body => open(body).text('Header', 'Security', 'UsernameToken', 'Nonce'))
  expect(new Set(nonces).size).toBe(3)
})

test.each<[JsonObject, JsonObject, string, RegExp]>([
  [{ security: { usernameToken: 'text' }, credentials: null }, {}, 'target.security', /needs credentials.* with username and password/],
  [{ addressing: true }, { soapAction: '' }, '', /needs wsaAction/],
  [{}, { wsaAction: 'urn:a' }, 'wsaAction', /needs target.addressing/],
  [{ headers: { 'nobody:Login': 'x' } }, {}, 'target.headers.nobody:Login', /prefix nobody is not in target.namespaces/],
  [{ headers: { 'a b': 'x' } }, {}, 'target.headers.a b', /must be an element name/]
])('a manifest with %j and %j is refused at %s', (target, action, path, message) => {
  const { credentials: _, ...base } = corebank.target
  const { credentials = corebank.target.credentials as string, ...keys } = target
  const whole = { ...base, auth: 'none', ...keys, ...(credentials === null ? {} : { credentials }) }
  const { issues } = compile({ ...manifest({}, action), target: whole }, 'get_customer')
  expect(issues.map(issue => issue.path)).toEqual([path])
  expect(issues[0]?.message).toMatch(message)
  expect(issuesOf({ security: { timestamp: '1m' } })).toEqual([])
})
