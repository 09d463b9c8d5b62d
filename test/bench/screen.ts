/** A balance off a warm screen through everything, against the same steps in bare Playwright on a warm page. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { request } from 'undici'
import { compare, echoInput, openCaller, registerBench } from './calls.ts'
import { printTable, rounded } from './figures.ts'
import type { BenchOptions } from './hop.ts'
import { type Program, startProgram } from './program.ts'

const here = import.meta.dirname
const adminKey = 'bench-admin-key-0123456789'
const account = '40012345'

export async function benchScreen({ rounds, seconds }: BenchOptions): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'retrofit-bench-'))
  const sandbox = await startProgram([join(here, '../../bots/teller/sandbox/main.ts')], { PORT: '0', LEDGER: join(folder, 'teller.jsonl') })
  const program = await startProgram([join(here, '../../src/main.ts'), 'up'], {
    PORT: '0',
    DATA_DIR: folder,
    BOTS_DIR: join(here, '../../bots'),
    SECRETS_DIR: join(here, 'secrets'),
    RETROFIT_ADMIN_KEY: adminKey,
    RATE_LIMIT: '0',
    LOG_LEVEL: 'warn',
    TELLER_URL: sandbox.url
  })
  const browser = await launch()
  try {
    return await measure({ program, browser, sandbox }, { rounds, count: Math.max(5, seconds * 10) })
  } finally {
    await browser.close()
    await program.stop()
    await sandbox.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The flags that everybody needs on a server; nothing tuned. */
const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-quic', '--disable-background-networking']
  })

interface Contenders {
  readonly program: Program
  readonly browser: Browser
  readonly sandbox: Program
}

async function measure({ program, browser, sandbox }: Contenders, { rounds, count }: { rounds: number; count: number }): Promise<object> {
  await registerBench(program.url, adminKey)
  const caller = openCaller(program.url, adminKey)
  const page = await loggedIn(browser, sandbox.url)
  const result = await compare(
    { rounds, count },
    {
      bare: () => readBalance(page, sandbox.url),
      call: () => caller.call('teller_get_balance', { account }),
      hop: () => caller.call('bench_echo', echoInput)
    }
  )
  await caller.close()
  printTable(
    `Warm screen, embedded (milliseconds; median of ${rounds} rounds)`,
    ['', 'p50', 'p95'],
    [
      ['bare Playwright, warm page', result.bare.p50, result.bare.p95],
      ['hop alone (echo)', result.hop.p50, result.hop.p95],
      ['teller_get_balance', result.call.p50, result.call.p95],
      ['(call - hop) / bare', result.ratio, result.ratios.join(' to ')]
    ]
  )
  const steps = await lastSteps(program.url)
  printTable('Where the time of one call goes (milliseconds)', ['step', 'ms'], steps)
  return { ...result, steps }
}

async function loggedIn(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(`${url}/login`)
  await page.getByLabel('User ID').fill('teller1')
  await page.getByLabel('Password').fill('Branch#2004')
  await page.getByRole('button', { name: 'Sign on' }).click()
  await page.getByText('Main menu', { exact: true }).waitFor()
  return page
}

/** What the manifest's steps say, as one writes it by hand. */
async function readBalance(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/accounts`)
  await page.getByLabel('Account no').fill(account)
  await page.getByRole('button', { name: 'Find' }).click()
  const value = (label: string) => page.locator(`xpath=//td[@class='fl'][.='${label}']/following-sibling::td[1]`).textContent()
  const fields: (string | null)[] = []
  for (const label of ['Account number', 'Holder', 'Type', 'Status', 'Currency', 'Balance']) fields.push(await value(label))
  const rows = await page.locator('table.grid tr').evaluateAll(all => all.map(row => [...row.children].map(cell => cell.textContent)))
  if (fields[0] !== account || rows.length !== 6) throw new Error(`the bare page shows ${JSON.stringify({ fields, rows: rows.length })}`)
}

async function lastSteps(url: string): Promise<(readonly [string, number])[]> {
  const headers = { authorization: `Bearer ${adminKey}` }
  const list = (await (await request(`${url}/v1/runs?action=teller_get_balance&limit=1`, { headers })).body.json()) as {
    runs: { runId: string }[]
  }
  const run = (await (await request(`${url}/v1/runs/${list.runs[0]?.runId}`, { headers })).body.json()) as {
    steps: { name: string; durationMs: number }[]
  }
  return run.steps.map(({ name, durationMs }) => [name, rounded(durationMs)] as const)
}
