/** Runs the official conformance suite against a gateway. It can send no key, so a proxy adds one. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const suite = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js')

export interface KeyedProxy {
  readonly url: string
  close(): void
}

/** Hands everything on as it is, with the key. */
export async function startKeyedProxy(target: string, key: string): Promise<KeyedProxy> {
  const { hostname, port } = new URL(target)
  const server: Server = createServer((incoming, response) => {
    const headers = { ...incoming.headers, authorization: `Bearer ${key}` }
    const outgoing = request({ hostname, port, path: incoming.url, method: incoming.method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    response.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    }
  }
}

interface Check {
  readonly id: string
  readonly status: string
  readonly errorMessage?: string
}

/** Scenario → its checks that failed. */
export async function conformance(url: string, which: readonly string[]): Promise<ReadonlyMap<string, readonly Check[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'retrofit-conformance-'))
  try {
    await run(['server', '--url', `${url}/mcp`, ...which, '--timeout', '120000', '--output-dir', folder])
    return new Map(
      readdirSync(folder).map(name => {
        const checks = JSON.parse(readFileSync(join(folder, name, 'checks.json'), 'utf8')) as readonly Check[]
        return [name.replace(/^server-(.*)-\d{4}-\d\d-\d\dT.*$/, '$1'), checks.filter(({ status }) => status === 'FAILURE')] as const
      })
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function run(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [suite, ...args], { stdio: 'ignore' })
  // It exits with 1 when a scenario fails; the results say which.
  await new Promise<void>((resolve, reject) => child.once('error', reject).once('exit', () => resolve()))
}
