/** A WSDL behind a proxy: the command line takes the proxy that the environment names, and a figure of what its tools cost is told. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { fixture } from './imported.ts'

const main = new URL('../../src/main.ts', import.meta.url).pathname

test('the environment names the proxy for a WSDL that is fetched; what its tools cost is told', async () => {
  const asked: string[] = []
  const site = createServer((_, response) => response.end(readFileSync(fixture('login'))))
  await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve))
  const { port } = site.address() as AddressInfo
  // The name leads nowhere but through the proxy.
  const proxy = createServer().on('connect', (request, socket) => {
    asked.push(String(request.url))
    const there = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'))
    there.pipe(socket).pipe(there)
    for (const each of [there, socket]) each.on('error', () => undefined)
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'retrofit-proxy-'))
  const env = { ...process.env, HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, NO_PROXY: '' }
  const args = [main, 'import', 'wsdl', 'http://desk.invalid/desk?wsdl', '--allow-fetch', '--out', join(folder, 'desk')]
  try {
    const child = spawn(process.execPath, args, { env: { ...env, http_proxy: env.HTTP_PROXY, no_proxy: '' } })
    const words: string[] = []
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => words.push(text))
    const code = await new Promise(resolve => child.once('close', resolve))
    expect([code, asked, words.join('')]).toEqual([
      0,
      ['desk.invalid:80'],
      expect.stringMatching(/As tools they cost a model \d+ tokens; the largest are desk_\w+ \d+, desk_\w+ \d+\./)
    ])
    expect(JSON.parse(readFileSync(join(folder, 'desk', 'import-report.json'), 'utf8')).actions[0].tokens).toBeGreaterThan(20)
  } finally {
    for (const server of [site, proxy]) {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    }
    rmSync(folder, { recursive: true, force: true })
  }
})
