import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { startTeller, type TellerSandbox } from '../../bots/teller/sandbox/server.ts'
import type { JsonObject, RetrofitError } from '../../src/index.ts'
import { isRunning } from '../e2e/processes.ts'
import { until } from '../setup/until.ts'
import { type CallOptions, callOf, type Output, parseAction, tellerAction, tellerActions, tellerTarget } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const folder = mkdtempSync(join(tmpdir(), 'teller-pool-'))
const adapter = createAdapter()
const input = { account: '40012345' }
let sandbox: TellerSandbox
let site: Site
let logins = 0

beforeAll(async () => {
  sandbox = await startTeller({ port: 0, ledgerPath: join(folder, 'teller.ledger.jsonl') })
  site = await startSite({
    '/login': '<form action=/main method=post><input aria-label=User><input type=password aria-label=Pass><button>In</button></form>',
    '/main': request => {
      if (request.method === 'POST') logins++
      return '<p>Main menu</p>'
    },
    '/wait': '<p>Main menu</p>',
    '/refused': '<p>Main menu</p><p>No funds</p><script>setTimeout(() => { document.querySelector("p + p").id = "error" }, 700)</script>',
    '/form':
      '<p>Main menu</p><input id=amount><button id=pay onclick="amount.value = 14">Pay</button><div>.</div><script>setTimeout(() => { document.querySelector("div").id = "later" }, 700)</script>',
    '/secret': request => {
      const value = new URL(request.url ?? '', site.url).searchParams.get('v')
      return `<body style="font:16px monospace"><p>Main menu</p><p>Card ${value}</p><input value="${value}" style="font:16px monospace"><input type=password value="${value}">`
    }
  })
})
afterAll(async () => {
  await adapter.close()
  await sandbox.close()
  await site.close()
  rmSync(folder, { recursive: true })
})

const setMaintenance = (maintenance: boolean) =>
  fetch(`${sandbox.url}/__sandbox/faults`, { method: 'POST', body: JSON.stringify({ maintenance }) })
const balance = (options: Partial<CallOptions> = {}) =>
  callOf(tellerAction(adapter, 'get_balance'), { url: sandbox.url, input, ...options })
const login = [{ goto: '/login' }, { fill: { label: 'User', value: 'u' } }, { click: { role: 'button', name: 'In' } }]
const target = { login, ready: { text: 'Main menu' }, timeout: '20s' }
const siteCall = (steps: readonly JsonObject[], options: Partial<CallOptions> = {}, more: JsonObject = {}) =>
  callOf(parseAction(adapter, { steps }, { ...target, ...more }).steps, { url: site.url, ...options })

/** Processes of this one's Chromium: children, and theirs. */
function browserProcesses(parent = process.pid): number[] {
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const [state = '', ppid = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        return state === 'Z' || !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('chrom')
          ? []
          : [{ pid: Number(pid), ppid: Number(ppid) }]
      } catch {
        return []
      }
    })
  const below = (pid: number): number[] => all.filter(each => each.ppid === pid).flatMap(each => [each.pid, ...below(each.pid)])
  return below(parent)
}

describe('warm pages', () => {
  test('runs at the same time share one login, and never more pages than the target bears', async () => {
    const before = adapter.stats?.().pages ?? 0
    let most = 0
    const calls = Array.from({ length: 6 }, () => siteCall([{ goto: '/wait' }, { waitFor: { text: 'Main menu' } }], { concurrency: 2 }))
    const watch = setInterval(() => {
      most = Math.max(most, (adapter.stats?.().pages ?? 0) - before)
    })
    await Promise.all(calls.map(call => adapter.run(call)))
    clearInterval(watch)
    expect(logins).toBe(1)
    expect(most).toBe(2)
  })

  test('who stops waiting for a page takes none with him', async () => {
    const one = { digest: 'one', concurrency: 2 }
    const never = [{ goto: '/wait' }, { waitFor: { text: 'never' }, timeout: '10s' }]
    const stops = Array.from({ length: 6 }, () => new AbortController())
    const runs = stops.map(({ signal }) => adapter.run(siteCall(never, { ...one, signal })))
    for (const [index, stop] of stops.entries()) setTimeout(() => stop.abort(new Error('stopped')), index * 60)
    for (const { status } of await Promise.allSettled(runs)) expect(status).toBe('rejected')
    await Promise.all([1, 2, 3].map(() => adapter.run(siteCall([{ goto: '/wait' }], one))))
    expect(adapter.stats?.().pages).toBe(adapter.stats?.().idle)
  })

  test.each([
    ['a step', 'read', [{ fill: { css: '#amount', value: '13' } }]],
    ['a loop', 'read', [{ forEach: { in: '{{ [1, 2] }}', as: 'item', steps: [{ fill: { css: '#amount', value: '13' } }] } }]],
    ['a committing step', 'write', [{ click: { css: '#pay' }, commit: true }]]
  ])('%s that a declared error ended does not go on where the next run is', async (_, effect, steps) => {
    const own = { digest: `refused ${_}`, concurrency: 1 }
    const errors = { no_funds: { title: 'No funds', when: { css: '#error' } } }
    const action = parseAction(adapter, { effect, steps: [{ goto: '/refused' }, ...steps], errors }, { ...target, timeout: '10s' })
    expect(action.issues).toEqual([])
    await expect(adapter.run(callOf(action.steps, { url: site.url, ...own }))).rejects.toMatchObject({ code: 'no_funds' })
    const next = [{ goto: '/form' }, { waitFor: { css: '#later' } }, { extract: { amount: { css: '#amount' } } }]
    expect(await adapter.run(siteCall(next, own))).toEqual({ amount: '' })
  })

  test('a login is made anew after its uses', async () => {
    const runs = async (count: number) => {
      for (let run = 0; run < count; run++) await adapter.run(siteCall([{ goto: '/wait' }], { digest: 'uses' }, { pool: { maxUses: 2 } }))
    }
    logins = 0
    await runs(4)
    expect(logins).toBe(2)
  })

  test('a login is made anew when it is old', async () => {
    logins = 0
    const old = () => adapter.run(siteCall([{ goto: '/wait' }], { digest: 'age' }, { pool: { maxAge: '50ms' } }))
    await old()
    await new Promise(resolve => setTimeout(resolve, 60))
    await old()
    expect(logins).toBe(2)
  })

  test('an expired session is opened again on the way; so is one that another login threw out', async () => {
    await adapter.run(balance())
    sandbox.expireSessions()
    expect(await adapter.run(balance())).toMatchObject({ balance: 12843.56 })
    const list = callOf(tellerAction(adapter, 'list_transactions'), { url: sandbox.url, input: { account: '40012345', limit: 3 } })
    sandbox.expireSessions()
    expect(((await adapter.run(list)) as { transactions: Output[] }).transactions).toHaveLength(3)
  })

  test('a wrong password: not retryable, and not tried again for a while', async () => {
    const wrong = () => balance({ credentials: { username: 'teller1', password: 'planted-secret-1' }, sensitive: ['planted-secret-1'] })
    const first = wrong()
    await expect(adapter.run(first)).rejects.toMatchObject({
      code: 'target_failed',
      retryable: false,
      message: expect.stringContaining('did not accept the login')
    })
    // The portal would show another page now; nobody asks it.
    await setMaintenance(true)
    await expect(adapter.run(wrong())).rejects.toMatchObject({ message: expect.stringContaining('did not accept the login') })
    await setMaintenance(false)
  })
})

describe('secrets', () => {
  test('a failure shows neither a credential nor a sensitive value', async () => {
    const secret = 'planted-secret-2'
    const call = siteCall([{ goto: `/secret?v=${secret}` }, { click: { css: '#none' }, timeout: '300ms' }], { sensitive: [secret] })
    const error = (await adapter.run(call).catch((failure: unknown) => failure)) as RetrofitError
    expect(error.targetSaid).toContain('says: Main menu Card ***')
    expect(error.message + error.targetSaid).not.toContain(secret)
    expect([...call.seen.artifacts.keys()]).toEqual(['failure.png'])
  })

  test('a picture is the same whatever the secret is', async () => {
    const shot = async (secret: string) => {
      const call = siteCall([{ goto: `/secret?v=${secret}` }, { screenshot: {} }], { sensitive: [secret] })
      await adapter.run(call)
      return Buffer.from(call.seen.artifacts.get('screenshot.png') ?? []).toString('base64')
    }
    expect(await shot('4111111111111111')).toBe(await shot('5500000000000004'))
    const open = siteCall([{ goto: '/secret?v=4111111111111111' }, { screenshot: {} }])
    await adapter.run(open)
    expect(Buffer.from(open.seen.artifacts.get('screenshot.png') ?? []).toString('base64')).not.toBe(await shot('4111111111111111'))
  })
})

function isGroupLeader(pid: number): boolean {
  try {
    return process.kill(-pid, 0)
  } catch {
    return false
  }
}

describe('the browser', () => {
  test('killed in mid-run: retryable, and the next run has a new one', async () => {
    await adapter.run(balance())
    const running = adapter.run(siteCall([{ goto: '/wait' }, { waitFor: { text: 'never' }, timeout: '10s' }], { digest: 'kill' }))
    running.catch(() => undefined)
    await new Promise(resolve => setTimeout(resolve, 1_200))
    // Its group: another browser of this process may be about to end.
    for (const pid of browserProcesses().filter(isGroupLeader)) process.kill(-pid, 'SIGKILL')
    await expect(running).rejects.toMatchObject({ code: 'target_failed', retryable: true })
    expect(await adapter.run(balance())).toMatchObject({ account: '40012345' })
    expect(adapter.stats?.().browsersLaunched).toBe(2)
  })

  test('closing leaves no process', async () => {
    const other = createAdapter()
    const before = new Set(browserProcesses())
    const steps = parseAction(other, tellerActions.get_balance ?? {}, tellerTarget).steps
    await other.run(callOf(steps, { url: sandbox.url, input }))
    const own = browserProcesses().filter(pid => !before.has(pid))
    expect(own.length).toBeGreaterThan(1)
    await other.close()
    expect(browserProcesses().filter(pid => own.includes(pid))).toEqual([])
    await expect(other.run(callOf(steps, { url: sandbox.url, input }))).rejects.toMatchObject({ code: 'target_failed' })
  })

  test('a killed parent takes its browser along', async () => {
    const script = `import { BrowserHolder } from ${JSON.stringify(new URL('../../adapters/playwright/browser.ts', import.meta.url).href)}
      const { pid } = await new BrowserHolder({}).get(); console.log(pid); setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [output] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(String(output).trim())
    expect(isRunning(pid)).toBe(true)
    const profile =
      readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        .split('\0')
        .find(word => word.startsWith('--user-data-dir='))
        ?.slice(16) ?? ''
    await until('its profile has an owner', () => existsSync(join(profile, 'retrofit-owner')))
    parent.kill('SIGKILL')
    await until('the browser ends', () => !isRunning(pid))
    const next = createAdapter()
    await next.run(callOf(parseAction(next, { steps: [{ goto: '/wait' }] }).steps, { url: site.url }))
    await until('its profile is removed', () => !existsSync(profile))
    await next.close()
  })

  test('a killed parent takes a browser along that can not end by itself', async () => {
    const script = `import { BrowserHolder } from ${JSON.stringify(new URL('../../adapters/playwright/browser.ts', import.meta.url).href)}
      const { pid } = await new BrowserHolder({ environment: process.env }).get(); console.log(pid); setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [output] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(String(output).trim())
    process.kill(pid, 'SIGSTOP')
    parent.kill('SIGKILL')
    await until('the browser ends', () => !isRunning(pid))
    await createAdapter().close()
  })

  test.each(['as soon as there is a folder', 'as soon as there is a profile', 'when its browser runs'])(
    'a parent that is killed %s leaves nothing for long',
    async moment => {
      const own = mkdtempSync(join(folder, 'tmp-'))
      // As root the browser is another user's, who has to get in.
      for (const path of [folder, own]) chmodSync(path, 0o711)
      const holder = JSON.stringify(new URL('../../adapters/playwright/browser.ts', import.meta.url).href)
      const start = (script: string) =>
        spawn(process.execPath, ['--input-type=module', '-e', `import { BrowserHolder } from ${holder}\n${script}`], {
          env: { ...process.env, TMPDIR: own },
          stdio: ['ignore', 'ignore', 'inherit']
        })
      const there = () => readdirSync(own)
      const parent = start('await new BrowserHolder({ environment: process.env }).get(); setInterval(() => {}, 1000)')
      const profile = () => there().find(name => name.startsWith('playwright'))
      const isUnderWay = () => {
        if (moment === 'as soon as there is a folder') return there().length > 0
        const name = profile()
        return name !== undefined && (moment === 'as soon as there is a profile' || readdirSync(join(own, name)).length > 0)
      }
      while (!isUnderWay()) await new Promise(resolve => setTimeout(resolve, 1))
      parent.kill('SIGKILL')
      await once(parent, 'exit')
      // The next process takes all of it, at once or when the browser has died.
      for (let tries = 0; there().length > 0 && tries < 10; tries++) {
        const next = start('await new BrowserHolder({}).close()')
        await once(next, 'exit')
      }
      expect(there()).toEqual([])
    }
  )
})
