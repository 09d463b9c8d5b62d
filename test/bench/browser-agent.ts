/**
 * A model that drives a browser by the tools of @playwright/mcp, played from a script: what it clicks it finds in what it was
 * shown, as a model would, and it makes no mistake and no detour.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { usualBrowser } from '../../adapters/playwright/browser.ts'
import { type McpServer, type McpTool, startMcp } from './mcp-stdio.ts'
import type { Exchange, Transcript } from './transcript.ts'

export interface Driven {
  readonly transcript: Transcript
  /** From the first call to the last result, with the browser running already; the model's own time is in none. */
  readonly ms: number
  /** How long the first page took that started the browser. */
  readonly startMs: number
}

const cli = fileURLToPath(new URL('cli.js', import.meta.resolve('@playwright/mcp/package.json')))
const browser = process.env.CHROMIUM_PATH ?? usualBrowser()
const flags = ['--headless', '--isolated', ...(browser === undefined ? [] : ['--executable-path', browser])]

export async function driveBrowser(url: string, account: string): Promise<Driven> {
  const folder = mkdtempSync(join(tmpdir(), 'retrofit-bench-'))
  const server = await startMcp([cli, ...flags, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--output-dir', folder], folder)
  try {
    const definitions = JSON.stringify((await server.tools()).map(asFunction))
    const starting = performance.now()
    await server.call('browser_navigate', { url: 'about:blank' })
    const begun = performance.now()
    const exchanges = await readEntries(server, url, account)
    return { transcript: { task: taskOf(url, account), definitions, exchanges }, ms: performance.now() - begun, startMs: begun - starting }
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The password is in it: a model that logs in has to know it. */
const taskOf = (url: string, account: string): string =>
  `Log in to ${url} as teller1 with the password Branch#2004, then tell me the last ten transactions of account ${account}.`

/** As a host gives it to a model: without the annotations, which are for the host. */
const asFunction = ({ name, description, inputSchema: { $schema: _, ...parameters } }: McpTool): object => ({
  type: 'function',
  function: { name, description, parameters }
})

async function readEntries(server: McpServer, url: string, account: string): Promise<readonly Exchange[]> {
  const exchanges: Exchange[] = []
  const call = async (name: string, args: object): Promise<string> => {
    const result = await server.call(name, args)
    exchanges.push({ call: JSON.stringify({ name, arguments: args }), result })
    return result
  }
  /** Results name the file of a snapshot; to see it, a model asks for it. */
  const look = () => call('browser_snapshot', {})
  await call('browser_navigate', { url })
  const login = await look()
  await call('browser_fill_form', {
    fields: [
      { target: refOf(login, 'textbox "User ID"'), name: 'User ID', type: 'textbox', value: 'teller1' },
      { target: refOf(login, 'textbox "Password"'), name: 'Password', type: 'textbox', value: 'Branch#2004' }
    ]
  })
  await call('browser_click', { element: 'Sign on', target: refOf(login, 'button "Sign on"') })
  await call('browser_click', { element: 'Statements', target: refOf(await look(), 'link "Statements"') })
  const target = refOf(await look(), 'textbox "Account no"')
  await call('browser_type', { element: 'Account no', target, text: account, submit: true })
  await look()
  return exchanges
}

function refOf(snapshot: string, what: string): string {
  const ref = snapshot
    .split('\n')
    .filter(line => line.includes(`- ${what}`))
    .map(line => /\[ref=(\w+)\]/.exec(line)?.[1])
    .find(found => found !== undefined)
  if (ref === undefined) throw new Error(`the page shows no ${what}:\n${snapshot}`)
  return ref
}
