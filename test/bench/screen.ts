/** A balance off a warm screen through everything, against the same steps in bare Playwright on a warm page. */
import { type Browser, chromium, type Page } from 'playwright-core'
import { request } from 'undici'
import { usualBrowser } from '../../adapters/playwright/browser.ts'
import { besideSandbox, type Contenders as Sides } from './beside-sandbox.ts'
import { compare, echoInput, openCaller, registerBench } from './calls.ts'
import { printTable, rounded } from './figures.ts'
import type { BenchOptions } from './hop.ts'
import { adminKey } from './start-ours.ts'

const account = '40012345'

export const benchScreen = ({ rounds, seconds }: BenchOptions): Promise<object> =>
  besideSandbox('teller', async sides => {
    const browser = await launch()
    try {
      return await measure({ ...sides, browser }, { rounds, count: Math.max(5, seconds * 10) })
    } finally {
      await browser.close()
    }
  })

/** The flags that everybody needs on a server; nothing tuned. */
const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? usualBrowser() ?? chromium.executablePath(),
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-quic', '--disable-background-networking']
  })

interface Contenders extends Sides {
  readonly browser: Browser
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
