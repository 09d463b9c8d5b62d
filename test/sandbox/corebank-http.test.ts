import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startCorebank } from '../../bots/corebank/sandbox/server.ts'
import type { Sandbox } from '../../bots/sandbox.ts'

const bank = 'urn:bank.example:corebank:v1'
const authorization = `Basic ${btoa('svc_retrofit:S3rvice!Bus')}`
const valid = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><GetCustomer xmlns="${bank}"><customerId>C-1001</customerId></GetCustomer></s:Body></s:Envelope>`
const folder = mkdtempSync(join(tmpdir(), 'corebank-http-'))
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startCorebank({ port: 0, ledgerPath: join(folder, 'corebank.ledger.jsonl') })
})
afterAll(async () => {
  await sandbox.close()
  rmSync(folder, { recursive: true })
})

const disposable = (started: Sandbox) => ({ ...started, [Symbol.asyncDispose]: () => started.close() })

function post(headers: Record<string, string>, body = valid): Promise<Response> {
  const all = { 'content-type': 'text/xml', soapaction: `"${bank}/GetCustomer"`, authorization, ...headers }
  return fetch(sandbox.url, { method: 'POST', headers: all, body })
}

test('401 without the right login', async () => {
  for (const wrong of ['', `Basic ${btoa('svc_retrofit:wrong')}`, 'Bearer x']) {
    const response = await post({ authorization: wrong })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="corebank"')
  }
})

test('the login can be changed and switched off', async () => {
  const start = (login: false | { username: string; password: string }) =>
    startCorebank({ port: 0, ledgerPath: join(folder, 'other.jsonl'), login })
  const status = async ({ url }: Sandbox, headers: Record<string, string>) =>
    (
      await fetch(url, {
        method: 'POST',
        body: valid,
        headers: { 'content-type': 'text/xml', soapaction: `${bank}/GetCustomer`, ...headers }
      })
    ).status
  await using changed = disposable(await start({ username: 'a', password: 'b:c' }))
  expect(await status(changed, { authorization })).toBe(401)
  expect(await status(changed, { authorization: `Basic ${btoa('a:b:c')}` })).toBe(200)
  await using open = disposable(await start(false))
  expect(await status(open, {})).toBe(200)
})

test('404, 405, 413 and 415', async () => {
  expect((await fetch(new URL('/nothing', sandbox.url))).status).toBe(404)
  expect((await fetch(sandbox.url)).status).toBe(405)
  expect((await post({}, ' '.repeat(300_000))).status).toBe(413)
  expect((await post({ 'content-type': 'application/json' })).status).toBe(415)
})

test('as its own process: prints its URL, ends on SIGTERM', async () => {
  const main = new URL('../../bots/corebank/sandbox/main.ts', import.meta.url).pathname
  const env = { ...process.env, PORT: '0', LEDGER: join(folder, 'own.jsonl'), COREBANK_LOGIN: 'off' }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const url = /http:\S+/.exec(String(line))?.[0] ?? ''
  expect((await fetch(`${url}?wsdl`)).status).toBe(200)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})
