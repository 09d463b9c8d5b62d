/** Whoever takes the browser over finds neither our files nor our rights; and a machine that can not have it so is told of, not let through. */
import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BrowserHolder, type Running } from '../../adapters/playwright/browser.ts'
import { browserUser, isRoot } from '../../adapters/playwright/confinement.ts'
import { contentOf } from '../../adapters/playwright/download.ts'
import { descendants } from '../e2e/processes.ts'
import { withoutNamespaces } from '../setup/without-namespaces.ts'

/** Only root can start a browser as another user: for anybody else there is no such case. */
const asRoot = isRoot() ? test : test.skip
const folder = mkdtempSync(join(tmpdir(), 'confined-'))
const browsers = new BrowserHolder({ environment: { PATH: process.env.PATH } })
let running: Running
beforeAll(async () => {
  running = await browsers.get()
  const page = await running.browser.newPage()
  await page.setContent('<p>Hello</p>')
})
afterAll(async () => {
  await browsers.close()
  rmSync(folder, { recursive: true })
})

const text = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8')
const family = () => [running.pid, ...descendants(running.pid).map(({ pid }) => pid)]

describe('the browser', () => {
  test('has its own sandbox: what draws pages is in namespaces of its own, and nothing was told to do without', () => {
    const all = family().map(pid => ({ pid, words: text(pid, 'cmdline') }))
    expect(all.filter(({ words }) => words.includes('--no-sandbox'))).toEqual([])
    const renderers = all.filter(({ words }) => words.includes('--type=renderer'))
    expect(renderers.length).toBeGreaterThan(0)
    for (const { pid } of renderers) expect(readlinkSync(`/proc/${pid}/ns/user`)).not.toBe(readlinkSync('/proc/self/ns/user'))
  })

  asRoot('is not of root, nor of any group, and can become nobody else', () => {
    for (const pid of family()) {
      const status = text(pid, 'status')
      expect(status).toMatch(new RegExp(`^Uid:(\\t${browserUser}){4}$`, 'm'))
      expect(status).toMatch(new RegExp(`^Gid:(\\t${browserUser}){4}$`, 'm'))
      expect(status).toMatch(/^Groups:\s*$/m)
      expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    }
    expect(statSync(running.folder).uid).toBe(browserUser)
  })

  test('has a home of its own', () => {
    const names = ['HOME', 'TMPDIR', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_RUNTIME_DIR']
    const own = Object.fromEntries(
      text(running.pid, 'environ')
        .split('\0')
        .map(entry => entry.split('=') as [string, string])
    )
    for (const name of names) expect(own[name]).toMatch(new RegExp(`^${running.folder}`))
  })
})

describe('a file that comes from a browser of another user', () => {
  const secret = join(folder, 'admin.key')
  const place = join(folder, 'download')
  const own = () => writeFileSync(place, 'a statement')
  const table: readonly (readonly [string, () => void])[] = [
    ['a link to a file of ours', () => symlinkSync(secret, place)],
    ['a file of ours', own],
    ['a pipe that nobody writes to', () => execFileSync('mkfifo', [place])],
    ['a device', () => symlinkSync('/dev/zero', place)]
  ]
  beforeAll(() => writeFileSync(secret, 'the admin key'))

  test.each(table)('%s is not read', async (_, put) => {
    rmSync(place, { force: true })
    put()
    await expect(contentOf(place, browserUser)).rejects.toThrow(/not of the browser|ELOOP|too many symbolic links/)
  })

  asRoot('its own is', async () => {
    rmSync(place, { force: true })
    own()
    chownSync(place, browserUser, browserUser)
    expect((await contentOf(place, browserUser)).toString()).toBe('a statement')
  })
})

describe('a machine that forbids namespaces', () => {
  const module = (name: string) => JSON.stringify(new URL(`../../adapters/playwright/${name}.ts`, import.meta.url).href)
  const script = `import { BrowserHolder } from ${module('browser')}
    import { noticesOf } from ${module('confinement')}
    import { readFileSync } from 'node:fs'
    const said = {}
    for (const wish of ['on', 'try', 'off']) {
      const holder = new BrowserHolder({ chromiumSandbox: wish })
      const seen = await holder.get().then(
        ({ pid }) => readFileSync('/proc/' + pid + '/cmdline', 'utf8').includes('--no-sandbox') ? 'without' : 'with',
        ({ message, hint, retryable }) => [message, hint, retryable])
      said[wish] = { seen, notices: await noticesOf(wish) }
      await holder.close()
    }
    console.log(JSON.stringify(said))`

  asRoot('starts no browser, and says what to set; one that is tried out goes without the sandbox, and says so', async () => {
    const said = JSON.parse(await withoutNamespaces([process.execPath, '--input-type=module', '-e', script]))
    const warning = (why: string) => [
      { severity: 'warning', message: `${why}: the browser runs as user ${browserUser} without Chromium's own sandbox` }
    ]
    expect(said.on.seen).toEqual([
      "the browser did not start: this machine forbids what Chromium's sandbox is made of",
      expect.stringMatching(/user namespaces.*chromium-seccomp.*CHROMIUM_SANDBOX=off/),
      false
    ])
    expect(said.try).toEqual({ seen: 'without', notices: warning('this machine forbids user namespaces') })
    expect(said.off).toEqual({ seen: 'without', notices: warning('CHROMIUM_SANDBOX=off') })
  })
})
