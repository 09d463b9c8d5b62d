/** `retrofit try`: one attempt of an action of a bots folder, in a real browser, with all that it showed on the way. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { usualBrowser } from '../adapters/playwright/browser.ts'
import { runCli } from '../src/cli.ts'
import { type Site, startSite } from './adapters/playwright/site.ts'

const main = join(import.meta.dirname, '../src/main.ts')
const [password, holder] = ['Quiet#Harbour7', 'Zebulon Quirke']

const bot = `
bot: desk
version: 1.0.0
title: Desk
adapter: playwright
env: [BOT_DESK]
target:
  url: "{{ env.BOT_DESK }}"
  credentials: desk
  login:
    - goto: /login
    - fill: { label: User, value: "{{ credentials.username }}" }
    - fill: { label: Password, value: "{{ credentials.password }}" }
    - click: { role: button, name: Sign on }
  ready: { text: Welcome }
actions:
  find:
    title: Find
    description: Finds an account.
    effect: read
    scopes: [desk:read]
    input: &input
      type: object
      required: [holder]
      additionalProperties: false
      properties:
        holder: { type: string, x-sensitive: pii }
        count: { type: integer, maximum: 5 }
    output: { type: object, required: [number], properties: { number: { type: string }, owner: { type: string, x-sensitive: pii } } }
    steps:
      - goto: /form
      - fill: { label: Holder, value: "{{ input.holder }}" }
      - click: { role: button, name: Show }
      - extract: { number: { css: '#number' }, owner: { css: '#owner' } }
  lost:
    title: Lost
    description: Looks for what is not there.
    effect: read
    scopes: [desk:read]
    retry: { attempts: 5 }
    input: { type: object, additionalProperties: false, properties: {} }
    output: { type: object, properties: {} }
    steps:
      - goto: /form
      - click: { role: button, name: Nowhere }
  pay:
    title: Pay
    description: Pays.
    effect: irreversible
    scopes: [desk:write]
    input: *input
    output: { type: object, required: [number], properties: { number: { type: string } } }
    steps:
      - goto: /form
      - fill: { label: Holder, value: "{{ input.holder }}" }
      - fill: { label: Reference, value: "{{ run.reference }}" }
      - click: { role: button, name: Pay }
        commit: { request: POST /pay }
      - extract: { number: { css: '#number' } }
    settle: 100ms
    probe:
      steps:
        - goto: /paid
        - extract: { rows: { list: li } }
      found: "{{ run.reference in rows }}"
      output: { number: "N-1" }
  secret:
    title: Secret
    description: Keeps no evidence.
    effect: read
    evidence: none
    scopes: [desk:read]
    input: { type: object, additionalProperties: false, properties: {} }
    output: { type: object, required: [title], properties: { title: { type: string } } }
    steps:
      - goto: /form
      - extract: { title: { css: h1 } }
`

const form = `<h1>Form</h1><form method=post action=/pay>
<label>Holder <input name=holder></label><label>Reference <input name=reference></label>
<button formaction=/show>Show</button><button>Pay</button></form>`

let [paid, dir]: [string[], string] = [[], '']
let site: Site
let soap: Server
let soapSeen = 0

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'retrofit-try-test-'))
  const field = (body: string, name: string) => new URLSearchParams(body).get(name) ?? ''
  site = await startSite({
    '/login': `<form method=post action=/in><label>User <input name=u></label><label>Password <input name=p></label><button>Sign on</button></form>`,
    '/in': (_, response) => void response.writeHead(303, { location: '/home' }).end(),
    '/home': 'Welcome',
    '/form': `Welcome ${form}`,
    '/show': (_, __, body) => {
      const name = field(body, 'holder')
      const cut = `<b>${name.slice(0, 4)}</b><i>${name.slice(4)}</i>`
      return `Welcome <p id=number>N-1</p><p id=owner>${name}</p><p title="of ${name}">${cut}</p><textarea>${name}</textarea><script>"${name}"</script><p>${password}</p>
<div><template shadowrootmode=open>in the shadow ${name}</template></div><iframe srcdoc="<p>in the frame ${name}</p><script>1</script>"></iframe>`
    },
    '/pay': (_, __, body) => {
      paid.push(field(body, 'reference'))
      return 'Welcome <p id=number>N-1</p>'
    },
    '/paid': () => `Welcome <ul>${paid.map(each => `<li>${each}</li>`).join('')}<li>older</li></ul>`
  })
  soap = createServer((request, response) => {
    soapSeen++
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'text/xml' }).end(soapAnswer))
  })
  await once(soap.listen(0, '127.0.0.1'), 'listening')
  write('bots/desk/bot.yaml', bot)
  write('bots/ledger/bot.yaml', soapBot)
  write('bots/wrong/bot.yaml', bot.replace('bot: desk', 'bot: wrong').replaceAll('label: Holder', 'lable: Holder'))
  write('secrets/desk.json', JSON.stringify({ username: 'clerk', password }))
})
afterAll(async () => {
  await site.close()
  soap.close()
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})

const soapAnswer = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><b:BookResponse xmlns:b="urn:b"><b:number>7</b:number><b:owner>${holder}</b:owner></b:BookResponse></s:Body></s:Envelope>`
const soapBot = `
bot: ledger
version: 1.0.0
title: Ledger
adapter: soap
env: [BOT_LEDGER]
target: { url: "{{ env.BOT_LEDGER }}", namespaces: { b: urn:b } }
actions:
  book:
    title: Book
    description: Books.
    effect: write
    scopes: [ledger:write]
    operation: b:Book
    commit: true
    input: { type: object, required: [owner], additionalProperties: false, properties: { owner: { type: string, x-sensitive: pii } } }
    output: { type: object, required: [number], properties: { number: { type: string }, owner: { type: string, x-sensitive: pii } } }
`

function write(name: string, text: string): void {
  mkdirSync(join(dir, name, '..'), { recursive: true })
  writeFileSync(join(dir, name), text)
}

interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const env = () => ({
  PATH: process.env.PATH,
  BOTS_DIR: join(dir, 'bots'),
  SECRETS_DIR: join(dir, 'secrets'),
  DATA_DIR: join(dir, 'data'),
  BOT_DESK: site.url,
  BOT_LEDGER: `http://127.0.0.1:${(soap.address() as AddressInfo).port}/`
})

function started(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {}
): { child: ChildProcess; said(): Said; ended: Promise<Said> } {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'try', ...args], { env: { ...env(), ...more } })
  const texts = { out: '', err: '' }
  child.stdout?.on('data', chunk => (texts.out += chunk))
  child.stderr?.on('data', chunk => (texts.err += chunk))
  const said = () => ({ code: child.exitCode, ...texts })
  return { child, said, ended: once(child, 'close').then(said) }
}

function tried(...args: string[]): Promise<Said> {
  const { child, ended } = started(args)
  child.stdin?.end()
  return ended
}

const filesIn = (folder: string, end: RegExp) => readdirSync(folder).filter(name => end.test(name))
const textOf = (folder: string): string =>
  filesIn(folder, /html$|xml$/)
    .map(name => readFileSync(join(folder, name), 'utf8'))
    .join('\n')

describe('an action that reads', () => {
  test('prints its output, a line for each step, and keeps a picture and the HTML of each, for its owner alone', async () => {
    const out = join(dir, 'read')
    const { code, out: output, err } = await tried('desk_find', `holder=${holder}`, '--out', out)
    expect({ code, err }).toMatchObject({ code: 0 })
    expect(JSON.parse(output)).toEqual({ number: 'N-1', owner: '•••' })
    expect(err).toMatch(/^ 1 {2}ok +\d+ ms {2}goto \/login/m)
    expect(err).toMatch(/^ 8 {2}ok +\d+ ms {2}extract number, owner/m)
    expect(filesIn(out, /png$/)).toHaveLength(8)
    expect(filesIn(out, /^\d+.*html$/)).toHaveLength(8)
    expect(statSync(out).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(out)) expect(statSync(join(out, name)).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(out, 'index.html'), 'utf8')).toContain('fill label &quot;Holder&quot;'.replaceAll('&quot;', '"'))
  })

  test('shows no credential and no marked value: not in texts cut over elements, attributes, fields, scripts, nor on the console', async () => {
    const html = textOf(join(dir, 'read'))
    expect(html).toContain('N-1')
    expect(html).toMatch(/<input name="holder" value="\*\*\*">/)
    expect(html).toMatch(/<textarea>\*\*\*<\/textarea>/)
    expect(html.replaceAll(/<[^>]*>/g, '')).not.toContain(holder)
    expect(html).toContain('in the shadow ***')
    expect(html).toContain('in the frame ***')
    for (const secret of [holder, password, 'Zebu']) expect(html).not.toContain(secret)
    const { out, err } = await tried('desk_find', `holder=${holder}`, '--json')
    for (const secret of [holder, password]) expect(out + err).not.toContain(secret)
    const said = JSON.parse(out)
    expect(said).toMatchObject({ ok: true, effect: 'none', body: { number: 'N-1', owner: '•••' } })
    expect(said.folder).toMatch(new RegExp(`^${join(dir, 'data/try/desk_find-')}\\d{8}T\\d{6}Z`))
    expect(said.steps).toHaveLength(8)
  })

  test('keeps nothing where the manifest wants no evidence', async () => {
    const out = join(dir, 'unseen')
    expect(await tried('desk_secret', '--out', out)).toMatchObject({ code: 0, out: expect.stringContaining('Form') })
    expect(filesIn(out, /png$|^\d/)).toEqual([])
  })
})

test('a step that fails is told with why, once and within its time, with the picture and the HTML of the page', async () => {
  const out = join(dir, 'lost')
  const { code, err } = await tried('desk_lost', '--timeout', '4s', '--out', out)
  expect(code).toBe(1)
  expect(err.match(/failed +\d+ ms {2}click role "button" name "Nowhere"/g)).toHaveLength(1)
  expect(err).toContain('nothing on the page fits; waited 4000 ms')
  expect(err).toContain('"code": "target_failed"')
  expect(err).toContain('"hint"')
  expect(readFileSync(join(out, filesIn(out, /nowhere\.html$/)[0] ?? ''), 'utf8')).toContain('<h1>Form</h1>')
  expect(filesIn(out, /nowhere\.png$/)).toHaveLength(1)
})

describe('an action that writes', () => {
  test('stops before the step with the effect: nothing is sent, its probe is tried, and finds nothing', async () => {
    paid = []
    const before = site.requests.length
    const { code, err } = await tried('desk_pay', `holder=${holder}`)
    expect({ code, err }).toMatchObject({ code: 0 })
    expect(err).toContain('Stopped before the commit point')
    expect(err).toContain('effect none')
    expect(err).toContain('the probe agrees')
    expect(site.requests.slice(before)).not.toContain('POST /pay')
    expect(site.requests.slice(before)).toContain('GET /paid')
  })

  test('a probe that finds what was not done is said, and the exit code is 2', async () => {
    write(
      'bots/loose/bot.yaml',
      bot.replace('bot: desk', 'bot: loose').replace('"{{ run.reference in rows }}"', '"{{ $count(rows) > 0 }}"')
    )
    const { code, err } = await tried('loose_pay', `holder=${holder}`)
    expect(err).toContain('the probe DISAGREES: it found an effect, and nothing was done')
    expect(code).toBe(2)
  })

  test('has its effect once with --commit, shows its key, and lets the probe look', async () => {
    paid = []
    const { code, out, err } = await tried('desk_pay', `holder=${holder}`, '--commit')
    expect({ code, err }).toMatchObject({ code: 0 })
    expect(JSON.parse(out)).toEqual({ number: 'N-1' })
    expect(paid).toHaveLength(1)
    expect(err).toMatch(/idempotency key [0-9a-f-]{36}/)
    expect(err).toContain(`effect committed, reference ${paid[0]}`)
    expect(err).toContain('the probe agrees')
    expect(err.match(/probe: extract rows/g)).toHaveLength(1)
  })

  test('over SOAP shows the request that it would send, and with --commit the answer, both masked', async () => {
    const dry = await tried('ledger_book', `owner=${holder}`)
    expect(dry).toMatchObject({ code: 0, err: expect.stringMatching(/would have sent:\n<\?xml[\s\S]*Book/) })
    expect(soapSeen).toBe(0)
    const out = join(dir, 'soap')
    expect(await tried('ledger_book', `owner=${holder}`, '--commit', '--out', out)).toMatchObject({ code: 0 })
    expect(soapSeen).toBe(1)
    expect(filesIn(out, /xml$/)).toEqual(['01-build-request.xml', '02-send-answer.xml'])
    expect(textOf(out)).toContain('<b:number>7</b:number>')
    expect(textOf(out) + dry.err).not.toContain(holder)
  })
})

describe('a mistake of whoever tries', () => {
  const [before, umask] = [{ ...process.env }, process.umask()]
  beforeAll(() => void Object.assign(process.env, env(), { DISPLAY: '' }))
  afterAll(() => {
    process.env = before
    process.umask(umask)
  })
  afterEach(() => void jest.restoreAllMocks())

  test.each<[what: string, args: string[], said: RegExp]>([
    ['an input that does not fit', ['desk_find', 'holder=x', 'count=9'], /"code": "invalid_input"[\s\S]*\/count/],
    ['an unknown action', ['desk_fnd'], /there is no action desk_fnd in .*did you mean desk_find\?/],
    ['a bot with mistakes', ['wrong_find'], /the manifest of wrong has mistakes:\n\S+bots\/wrong\/bot\.yaml:\d+:\d+ +error/],
    ['--step without a terminal', ['desk_find', '--step'], /--step .* needs a terminal/],
    ['--headed without a screen', ['desk_find', '--headed'], /DISPLAY is not set/],
    ['a window for what has none', ['ledger_book', '--keep-open'], /--keep-open is for actions in a browser, and ledger has none/],
    ['a time that is none', ['desk_find', '--timeout', 'soon'], /--timeout: write a duration/],
    ['a folder that is in use', ['desk_find', '--out', import.meta.dirname], /is not empty/]
  ])('%s is refused, and says what to do', async (_, args, said) => {
    const sent = site.requests.length
    const written: string[] = []
    jest.spyOn(process.stderr, 'write').mockImplementation(chunk => written.push(String(chunk)) > 0)
    expect(await runCli(['node', 'retrofit', 'try', ...args])).toBe(1)
    expect(written.join('')).toMatch(said)
    expect(site.requests.length).toBe(sent)
  })
})

describe('somebody who looks on', () => {
  const until = async (said: () => Said, text: string) => {
    while (!said().err.includes(text)) await new Promise(resolve => setTimeout(resolve, 20))
  }

  test('--keep-open holds the attempt until Enter', async () => {
    const { child, said, ended } = started(['desk_secret', '--keep-open'])
    await until(said, 'stays open')
    expect(said().out).toBe('')
    child.stdin?.write('\n')
    expect(await ended).toMatchObject({ code: 0, out: expect.stringContaining('Form') })
  })

  test('--keep-open holds the page of a login that was refused, too', async () => {
    write('secrets/unwelcome.json', JSON.stringify({ username: 'clerk', password }))
    const refused = bot.replace('bot: desk', 'bot: unwelcome').replace('credentials: desk', 'credentials: unwelcome')
    write('bots/unwelcome/bot.yaml', refused.replace('ready: { text: Welcome }', 'ready: { text: Never there }\n  timeout: 500ms'))
    const { child, said, ended } = started(['unwelcome_lost', '--keep-open'])
    await until(said, 'stays open')
    child.stdin?.write('\n')
    expect(await ended).toMatchObject({ code: 1, err: expect.stringContaining('Never there') })
  })

  test('--headed starts a browser with a window, on the screen that is set', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'retrofit-try-browser-'))
    const [browser, log] = [join(folder, 'browser'), join(folder, 'log')]
    // The browser may have a user of its own.
    chmodSync(folder, 0o777)
    const real = usualBrowser() ?? ''
    writeFileSync(browser, `#!/bin/sh\necho "$DISPLAY $*" > ${log}\nexec ${real} "$@"\n`)
    chmodSync(browser, 0o755)
    const { child, ended } = started(['desk_secret', '--headed'], { CHROMIUM_PATH: browser, DISPLAY: ':77' })
    child.stdin?.end()
    expect(await ended).toMatchObject({ code: 0 })
    const said = readFileSync(log, 'utf8')
    expect(said).toMatch(/^:77 --/)
    expect(said).not.toContain('--headless')
    rmSync(folder, { recursive: true })
  })

  test('Ctrl-C ends the attempt and its browser', async () => {
    const { child, said, ended } = started(['desk_secret', '--keep-open'])
    await until(said, 'stays open')
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 130, err: expect.stringContaining('the browser is closed') })
  })

  test('--step waits for Enter before each step, on a terminal', async () => {
    const command = [process.execPath, '--disable-warning=ExperimentalWarning', main, 'try', 'desk_secret', '--step'].join(' ')
    const child = spawn('script', ['-qec', command, '/dev/null'], { env: env() })
    let said = ''
    child.stdout.on('data', chunk => {
      said += chunk
      if (/\(Enter\) $/.test(said)) child.stdin.write('\n')
    })
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(said.match(/\(Enter\)/g)).toHaveLength(6)
  })
})
