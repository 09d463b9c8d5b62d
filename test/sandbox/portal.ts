/** A teller portal for one test at a time, and a clerk who uses it over plain HTTP. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from '@jest/globals'
import { startTeller, type TellerOptions, type TellerSandbox } from '../../bots/teller/sandbox/server.ts'

export let folder: string
export let teller: TellerSandbox
export const ledgerPath = () => join(folder, 'sandbox', 'teller.ledger.jsonl')

export async function start(options: Partial<TellerOptions> = {}): Promise<void> {
  teller = await startTeller({ port: 0, ledgerPath: ledgerPath(), ...options })
}

export function tellerForEachTest(): void {
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'teller-'))
    await start()
  })
  afterEach(async () => {
    await teller.close()
    rmSync(folder, { recursive: true })
  })
}

/** A browser without a screen: keeps the cookie, follows no redirect, posts the view state of the page that it stands on. */
export class Clerk {
  cookie = ''
  text = ''
  status = 0
  location: string | null = null
  /** How long it waits for an answer. */
  patienceMs = 20_000

  async get(path: string): Promise<string> {
    return this.send(path, {})
  }

  async post(path: string, fields: Record<string, string>, viewState = this.viewState()): Promise<string> {
    return this.send(path, { method: 'POST', body: new URLSearchParams({ ...fields, __VIEWSTATE: viewState }) })
  }

  viewState(): string {
    return /name="__VIEWSTATE" id="[^"]*" value="([^"]*)"/.exec(this.text)?.[1] ?? ''
  }

  async signOn(user = 'teller1', password = 'Branch#2004'): Promise<this> {
    await this.get('/login')
    await this.post('/login', { user, password })
    return this
  }

  private async send(path: string, init: RequestInit): Promise<string> {
    const answer = await fetch(teller.url + path, {
      ...init,
      redirect: 'manual',
      headers: { cookie: this.cookie },
      signal: AbortSignal.timeout(this.patienceMs)
    })
    this.cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? this.cookie
    this.status = answer.status
    this.location = answer.headers.get('location')
    this.text = await answer.text()
    return this.text
  }
}

export const admin = (path: string, init?: RequestInit) => fetch(`${teller.url}/__sandbox/${path}`, init)
export const setFaults = (body: object) => admin('faults', { method: 'POST', body: JSON.stringify(body) })
export const money = { from: '40012345', to: '40012353', amount: '1,250.00', narrative: 'Rent', reference: 'RF-0001' }

export async function transfer(clerk: Clerk, fields: Partial<typeof money> = {}): Promise<string> {
  const input = { ...money, ...fields }
  await clerk.get('/transfer')
  await clerk.post('/transfer', input)
  return clerk.post('/transfer/post', input)
}

/** The cells of the table with headers, row by row. */
export function table(text: string): string[][] {
  const grid = /<table class="grid"[\s\S]*?<\/table>/.exec(text)?.[0] ?? ''
  const rows = [...grid.matchAll(/<tr[^>]*>([\s\S]*?)<\/tr>/g)]
  return rows.map(row => [...(row[1] ?? '').matchAll(/<t[hd][^>]*>([^<]*)</g)].map(cell => cell[1] ?? ''))
}

/** The field that a label stands for, as `getByLabel` finds it. */
export function labelled(text: string, label: string): string | undefined {
  const id = new RegExp(`<label for="([^"]+)">${label}</label>`).exec(text)?.[1]
  return new RegExp(`<(?:input|select)[^>]* id="${id}"[^>]* name="(\\w+)"`).exec(text)?.[1]
}
