/** The inspector of the protocol's authors, as people use it in a terminal. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type OpenGateway, openGateway } from '../gateway/open-gateway.ts'

const root = join(import.meta.dirname, '../..')
const inspector = join(root, 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js')

let gateway: OpenGateway
let home: string
beforeAll(async () => {
  gateway = await openGateway()
  home = mkdtempSync(join(tmpdir(), 'retrofit-inspector-'))
})
afterAll(async () => {
  await gateway.close()
  rmSync(home, { recursive: true, force: true })
})

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape are looked into
async function inspect(target: readonly string[], method: readonly string[]): Promise<any> {
  const child = spawn(process.execPath, [inspector, '--cli', ...target, '--connect-timeout', '100000', '--method', ...method], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOME: home, NODE_OPTIONS: '' }
  })
  const [out, complaints] = await Promise.all([text(child.stdout), text(child.stderr)])
  try {
    return JSON.parse(out)
  } catch {
    throw new Error(`the inspector said: ${out}${complaints}`)
  }
}

const overHttp = () => [`${gateway.url}/mcp`, '--transport', 'http', '--header', `Authorization: Bearer ${gateway.adminKey}`]
const overStdio = () => [
  join(root, 'scripts/with-node'),
  'node',
  join(root, 'src/main.ts'),
  'mcp',
  '--stdio',
  '--url',
  gateway.url,
  '--key',
  gateway.adminKey
]

test.each([
  ['over HTTP', overHttp],
  ['over stdio', overStdio]
])('lists and calls: %s', async (_, target) => {
  const { tools } = await inspect(target(), ['tools/list'])
  expect(tools.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['demo_echo', 'demo_pay', 'get_run']))
  const answer = await inspect(target(), ['tools/call', '--tool-name', 'demo_echo', '--tool-arg', 'text=seen'])
  expect(answer.structuredContent).toEqual({ text: 'seen' })
})
