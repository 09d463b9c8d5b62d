/** HTTP Digest and NTLM: for reads, and for commits, whose one request with a body comes behind the fence. */
import { afterEach, describe, expect, test } from '@jest/globals'
import { readChallenges } from '../../adapters/soap/access/challenges.ts'
import { chooseDigest, digestHeader } from '../../adapters/soap/access/digest.ts'
import { md4 } from '../../adapters/soap/access/md4.ts'
import { ntlmChallenge, ntlmKey, ntlmProof } from '../../adapters/soap/access/ntlm.ts'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import { crm, planOf } from './soap/crm.ts'
import { failure, newCall } from './soap/fixture.ts'
import { type DigestOptions, type LoginServer, startDigest, startNtlm } from './soap/http-login.ts'

const adapter = createAdapter()
const servers: LoginServer[] = []
afterEach(async () => {
  await adapter.close()
  await Promise.all(servers.splice(0).map(server => server.close()))
})

const started = (server: LoginServer) => {
  servers.push(server)
  return server
}
const password = 'Ünï "pass"\\1'
const planFor = (auth: string, name: 'read' | 'write') =>
  planOf(crm({ login: undefined as never, headers: undefined as never, auth }, { response: { element: 'c:readResponse' } }), name)
const callFor = (server: LoginServer, options: { auth: string; name?: 'read' | 'write'; username?: string; secret?: string }) =>
  newCall({
    plan: planFor(options.auth, options.name ?? 'read'),
    url: server.url,
    input: { id: 'A' },
    credentials: { username: options.username ?? 'svc', password: options.secret ?? password }
  })
const kinds = ({ seen }: LoginServer) => seen.map(({ what }) => what)

describe('Digest', () => {
  test.each<[string, string, Record<string, string>]>([
    ['MD5', 'MD5', { response: '8ca523f5e9506fed4657c9700eebdbec' }],
    ['SHA-256', 'SHA-256', { response: '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1' }]
  ])('%s is counted as in the example of RFC 7616, section 3.9.1', (_, algorithm, { response }) => {
    const nonce = chooseDigest(
      readChallenges([
        `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
      ])
    )
    const fixed = { ...nonce, cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' } as NonNullable<typeof nonce>
    const header = digestHeader(
      fixed,
      { path: '/dir/index.html', body: Buffer.alloc(0), method: 'GET' },
      { username: 'Mufasa', password: 'Circle of Life' }
    )
    expect(header).toContain(`response="${response}"`)
    expect(header).toContain('nc=00000001')
  })

  test.each<DigestOptions>([
    {},
    { algorithm: 'SHA-256' },
    { algorithm: 'SHA-512-256' },
    { algorithm: 'MD5-sess' },
    { qop: '' },
    { qop: 'auth-int' },
    { qop: 'auth,auth-int', algorithm: 'SHA-256-sess' }
  ])('a read answers the challenge once and counts on: %j', async options => {
    const server = started(await startDigest(password, options))
    const credentials = { username: 'svc', password }
    const call = () => newCall({ plan: planFor('digest', 'read'), url: server.url, input: { id: 'A' }, credentials }).call
    expect(await adapter.run(call())).toEqual({ name: 'done' })
    expect(await adapter.run(call())).toEqual({ name: 'done' })
    expect(kinds(server)).toEqual(['none', 'good', 'good'])
  })

  test('a stale nonce is replaced, once for each read', async () => {
    const server = started(await startDigest(password, { uses: 1 }))
    const credentials = { username: 'svc', password }
    for (const _ of [1, 2])
      await adapter.run(newCall({ plan: planFor('digest', 'read'), url: server.url, input: { id: 'A' }, credentials }).call)
    expect(kinds(server)).toEqual(['none', 'good', 'stale', 'good'])
  })

  test('a wrong password is tried once', async () => {
    const server = started(await startDigest(password))
    expect(await failure(adapter.run(callFor(server, { auth: 'digest', secret: 'wrong' }).call))).toMatchObject({
      code: 'target_failed',
      retryable: false
    })
    expect(kinds(server)).toEqual(['none', 'bad'])
  })

  test('a commit gets a fresh challenge with an empty request before the fence, and sends one request behind it', async () => {
    const server = started(await startDigest(password, { uses: 1 }))
    const made = callFor(server, { auth: 'digest', name: 'write' })
    expect(await adapter.run(made.call)).toEqual({ name: 'done' })
    expect(made.commits).toBe(1)
    expect(server.seen.map(({ what, bytes, action }) => [what, bytes > 0, action])).toEqual([
      ['none', false, undefined],
      ['good', true, '""']
    ])
  })

  test('a commit whose login is refused behind the fence is not sent again', async () => {
    const server = started(await startDigest(password))
    expect(await failure(adapter.run(callFor(server, { auth: 'digest', name: 'write', secret: 'wrong' }).call))).toMatchObject({
      code: 'target_failed',
      effect: 'unknown'
    })
    expect(kinds(server)).toEqual(['none', 'bad'])
  })

  test('a target without a Digest challenge is told before the fence', async () => {
    const server = started(await startNtlm(password))
    const made = callFor(server, { auth: 'digest', name: 'write' })
    const error = await failure(adapter.run(made.call))
    expect(error).toMatchObject({ code: 'target_failed', effect: 'none' })
    expect(error.message).toContain(
      'no Digest challenge (target.auth): it answered an empty POST with HTTP 401 and challenges for negotiate, ntlm'
    )
    expect(made.commits).toBe(0)
  })

  test('several challenges in one header are told apart', () => {
    const read = readChallenges(['Basic realm="a, b=c", Digest realm="x", nonce=n , qop="auth", Negotiate', 'NTLM'])
    expect(read.map(({ scheme }) => scheme)).toEqual(['basic', 'digest', 'negotiate', 'ntlm'])
    expect(read[1]?.params.get('nonce')).toBe('n')
  })
})

describe('NTLM', () => {
  // Section A.5.
  test.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '043f8582f241db351ce627e153e7f0e4'],
    ['12345678901234567890123456789012345678901234567890123456789012345678901234567890', 'e33b4ddc9c38f2199c3e7b164fcc0536']
  ])('MD4 of "%s" is that of RFC 1320', (text, digest) => {
    expect(md4(Buffer.from(text)).toString('hex')).toBe(digest)
  })

  // MS-NLMP, section 4.2.4.
  test('the key and both responses are those of the example of MS-NLMP', () => {
    const login = { user: 'User', domain: 'Domain', password: 'Password' }
    const server = Buffer.from('0123456789abcdef', 'hex')
    const info = Buffer.from('02000c0044006f006d00610069006e0001000c005300650072007600650072000000', 'hex')
    const info4 = Buffer.concat([info, Buffer.alloc(2)])
    expect(ntlmKey(login).toString('hex')).toBe('0c868a403bfd7a93a3001ef22ef02e3f')
    const { nt, lm } = ntlmProof({ login, challenge: { server, info: info4 }, client: Buffer.alloc(8, 0xaa), time: Buffer.alloc(8) })
    expect(nt.subarray(0, 16).toString('hex')).toBe('68cd0ab851e51c96aabc927bebef6a1c')
    expect(lm.toString('hex')).toBe('86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa')
  })

  test.each(['read', 'write'] as const)('a %s signs in on its own connection, the body goes with the last message alone', async name => {
    const server = started(await startNtlm(password))
    const made = callFor(server, { auth: 'ntlm', name, username: 'BANK\\svc' })
    expect(await adapter.run(made.call)).toEqual({ name: 'done' })
    expect(server.seen.map(({ what, bytes }) => [what, bytes > 0])).toEqual([
      ['start', false],
      ['good', true]
    ])
    expect(new Set(server.seen.map(({ socket }) => socket)).size).toBe(1)
    expect(made.commits).toBe(name === 'write' ? 1 : 0)
  })

  test('a wrong password is tried once', async () => {
    const server = started(await startNtlm(password))
    const error = await failure(adapter.run(callFor(server, { auth: 'ntlm', username: 'BANK\\svc', secret: 'wrong' }).call))
    expect(error).toMatchObject({
      code: 'target_failed',
      message: expect.stringContaining('HTTP 401: it refused the login (ntlm was sent')
    })
    expect(kinds(server)).toEqual(['start', 'bad'])
  })

  test('a target without NTLM is told before the fence', async () => {
    const server = started(await startDigest(password))
    const made = callFor(server, { auth: 'ntlm', name: 'write' })
    expect((await failure(adapter.run(made.call))).message).toContain('no NTLM challenge')
    expect(made.commits).toBe(0)
  })

  test.each([
    '',
    'NTLM',
    'NTLM AAAA',
    `NTLM ${Buffer.from('NTLMSSP\0').toString('base64')}`,
    `NTLM ${Buffer.alloc(48, 255).toString('base64')}`
  ])('the challenge %j is none', header => {
    expect(ntlmChallenge([header])).toBeUndefined()
  })
})
