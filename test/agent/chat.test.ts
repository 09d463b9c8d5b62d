/** `retrofit chat`, as a person or a script uses it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { chat as command } from '../../src/commands/chat.ts'
import { type OpenGateway, openGateway } from '../gateway/open-gateway.ts'
import { patienceMs } from '../setup/until.ts'
import { type Model, openModel } from './model.ts'

const main = join(import.meta.dirname, '../../src/main.ts')

let gateway: OpenGateway
let model: Model
beforeAll(async () => {
  gateway = await openGateway()
  model = await openModel()
})
afterAll(async () => {
  await model.close()
  await gateway.close()
})

const args = (...more: string[]): string[] => [
  '--disable-warning=ExperimentalWarning',
  main,
  'chat',
  '--url',
  gateway.url,
  '--key',
  gateway.adminKey,
  ...more
]
const settings = () => ({ OPENAI_BASE_URL: `${model.url}/v1`, OPENAI_MODEL: 'a-model' })

interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function chat(
  more: readonly string[],
  { input = '', env = settings() }: { input?: string; env?: Record<string, string> } = {}
): Promise<Said> {
  const child = spawn(process.execPath, args(...more), { env: { PATH: process.env.PATH, ...env } })
  let [out, err] = ['', '']
  child.stdout.on('data', chunk => (out += chunk))
  child.stderr.on('data', chunk => (err += chunk))
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  return { code, out, err }
}

const pay = (amount: number) => ({ calls: [{ id: 'p', name: 'demo_pay', args: { to: { name: 'Ada' }, amount } }] })

describe('one question', () => {
  test('the answer is on standard output, what was done for it on standard error; nothing steers the terminal', async () => {
    const hostile = 'a\u001b[2Jb\u202ec\u0007\rd'
    model.says({ calls: [{ id: 'a', name: 'demo_echo', args: { text: hostile } }] }, { text: `It says\n${hostile}.` })
    expect(await chat(['--once', 'What does it say?'])).toEqual({
      code: 0,
      out: 'It says\na[2Jbcd.\n',
      err: expect.stringMatching(/^ {2}✓ demo_echo {2}text: a\[2Jbcd {2}\d\.\d s\n$/)
    })
  })

  test('can be piped in; --json tells what each hop cost', async () => {
    model.says(pay(2), { text: 'Paid.' })
    const more = ['--json', '--api', 'responses', '--strict', '--bot', 'demo', '--ask-before', 'nothing']
    const { code, out, err } = await chat(more, { input: 'Pay\nAda 2.\n' })
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toMatchObject({
      answer: 'Paid.',
      stop: 'answered',
      model: 'a-model',
      turns: 2,
      effects: 1,
      tokens: { input: 200, output: 20 },
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      hops: [{ hop: 'model' }, { hop: 'action', action: 'demo_pay', ok: true, runId: expect.stringMatching(/^run_/) }, { hop: 'model' }]
    })
    expect(model.asked[0]?.messages.at(-1)).toMatchObject({ role: 'user', content: 'Pay\nAda 2.' })
  })

  test('nobody is there to say yes: what can not be undone is not done', async () => {
    const runs = async () => (await gateway.call('/v1/runs?action=demo_pay')).json.runs.length
    const before = await runs()
    model.says(pay(3), { text: 'ok' })
    expect(await chat(['--once', 'Pay Ada 3'])).toMatchObject({ code: 0, err: expect.stringContaining('declined') })
    expect(await runs()).toBe(before)
  })
})

describe('what is missing or wrong is told with a way on', () => {
  const wrong: readonly (readonly [string, object, Record<string, string>, RegExp])[] = [
    ['no model at all', {}, {}, /chat needs a model[\s\S]*export OPENAI_API_KEY[\s\S]*export OPENAI_BASE_URL/],
    ['an address that is none', {}, { OPENAI_BASE_URL: 'nonsense' }, /OPENAI_BASE_URL is no address: nonsense/],
    [
      'nobody at the address',
      {},
      { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_MODEL: 'm' },
      /http:\/\/127\.0\.0\.1:9\/v1 does not answer/
    ],
    [
      'no gateway',
      { url: 'http://127.0.0.1:9' },
      { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_MODEL: 'm' },
      /is it running\? Start it with: npm start/
    ],
    ['a wrong key', { key: 'wrong' }, { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_MODEL: 'm' }, /The key is unknown/],
    [
      'a bot that is not there',
      { bot: 'nobody' },
      { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_MODEL: 'm' },
      /There is no bot nobody/
    ],
    [
      'a limit',
      { maxTokens: 'many' },
      { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_MODEL: 'm' },
      /--max-tokens: write a whole number from 1/
    ],
    [
      'no tools',
      { maxTools: '0' },
      { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_MODEL: 'm' },
      /--max-tools: write a whole number from 1/
    ],
    ['an api', { api: 'soap' }, { OPENAI_API_KEY: 'k' }, /--api: write chat or responses, not soap/],
    ['when to ask', { askBefore: 'tea' }, { OPENAI_API_KEY: 'k', OPENAI_MODEL: 'm' }, /--ask-before: write irreversible, write or nothing/]
  ]

  const flags = (more: object) => {
    const given = { once: '?', url: gateway.url, key: gateway.adminKey, api: 'chat', askBefore: 'irreversible' }
    return { ...given, maxTurns: '20', maxTokens: '1000', maxEffects: '1', ...more }
  }
  const before = process.env
  afterEach(() => {
    process.env = before
  })

  test.each(wrong)('%s', async (_, more, env, says) => {
    process.env = { PATH: before.PATH, ...env }
    await expect(command(flags(more))).rejects.toThrow(says)
  })

  test('no question', async () => {
    expect(await chat([])).toMatchObject({ code: 1, err: expect.stringContaining('no question') })
  })

  test('no name of a model: it tells those that there are', async () => {
    process.env = { PATH: before.PATH, OPENAI_BASE_URL: `${model.url}/v1` }
    await expect(command(flags({}))).rejects.toThrow(/set OPENAI_MODEL, or --model\. It offers: .*gpt-4/)
  })

  test('a limit that was reached is no success', async () => {
    process.env = { PATH: before.PATH, ...settings() }
    const said = jest.spyOn(process.stdout, 'write').mockReturnValue(true)
    model.says({ calls: [{ name: 'demo_echo', args: { text: 'x' } }] }, { text: 'never' })
    const code = await command(flags({ json: true, maxTurns: '1' }))
    const [[out]] = said.mock.calls as [[string]]
    said.mockRestore()
    expect([code, JSON.parse(out)]).toMatchObject([1, { stop: 'turn_limit' }])
  })
})

interface Terminal {
  /** Waits until the screen shows it, after what was waited for before. */
  sees(text: string): Promise<void>
  types(keys: string): void
  ends(): Promise<number | null>
  close(): void
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

/** A terminal of its own, from util-linux. */
function openTerminal(...more: string[]): Terminal {
  // With exec: a shell in between would end itself for a Ctrl-C that the chat has dealt with.
  const line = `exec ${[process.execPath, ...args(...more)].map(quoted).join(' ')}`
  const child: ChildProcess = spawn('script', ['-qfec', line, '/dev/null'], {
    env: { PATH: process.env.PATH, TERM: 'xterm-256color', ...settings() },
    stdio: ['pipe', 'pipe', 'inherit']
  })
  const ended = once(child, 'close')
  let screen = ''
  let from = 0
  child.stdout?.on('data', chunk => (screen = stripVTControlCharacters(screen + chunk)))
  return {
    async sees(text) {
      const giveUpAt = Date.now() + patienceMs
      while (screen.indexOf(text, from) < 0) {
        if (Date.now() > giveUpAt) throw new Error(`the terminal never shows ${text}:\n${screen.slice(from)}`)
        await sleep(20)
      }
      from = screen.indexOf(text, from) + text.length
    },
    types: keys => child.stdin?.write(keys),
    ends: async () => (await ended)[0] as number | null,
    close: () => child.kill('SIGKILL')
  }
}

describe('on a terminal', () => {
  test('a person asks, decides, stops, and leaves', async () => {
    const terminal = openTerminal()
    try {
      await terminal.sees('7 actions of demo')
      await terminal.sees('› ')

      model.says({ calls: [{ id: 'a', name: 'demo_echo', args: { text: 'hello' } }] }, { text: 'It says hello.' })
      terminal.types('What does it say?\r')
      await terminal.sees('✓ demo_echo  text: hello')
      await terminal.sees('It says hello.')
      await terminal.sees('2 turns · 200 tokens read, 20 written')
      await terminal.sees('› ')

      model.says(pay(4), { text: 'Not paid.' })
      terminal.types('Pay Ada 4\r')
      await terminal.sees('Pay somebody (demo_pay), can not be undone:')
      await terminal.sees('amount  4')
      await terminal.sees('Do it?')
      terminal.types('make it 5\r')
      await terminal.sees('✗ demo_pay')
      await terminal.sees('Not paid.')
      expect(model.asked[1]?.messages.at(-1)?.content).toContain('make it 5')
      await terminal.sees('› ')

      model.says(pay(5), { text: 'Paid.' })
      terminal.types('Yes, 5\r')
      await terminal.sees('Do it?')
      terminal.types('y\r')
      await terminal.sees('✓ demo_pay')
      await terminal.sees('1 change')
      await terminal.sees('› ')

      // Ctrl-C: at a decision it stops the answer, within a run as well, and at the prompt it only asks.
      model.says(pay(6), { text: 'never' })
      terminal.types('And 6\r')
      await terminal.sees('Do it?')
      terminal.types('\u0003')
      await terminal.sees('Stopped.')
      await terminal.sees('› ')
      model.says({ calls: [{ id: 's', name: 'demo_slow', args: {} }] }, { text: 'never' })
      terminal.types('Slowly\r')
      await terminal.sees('demo_slow')
      await sleep(200)
      terminal.types('\u0003')
      await terminal.sees('stopping …')
      await terminal.sees('Stopped.')
      await terminal.sees('› ')

      terminal.types('/tools\r')
      await terminal.sees('demo_pay     for good  Pay somebody')
      await terminal.sees('› ')
      terminal.types('\u0003')
      await terminal.sees('Ctrl-C again')
      await terminal.sees('› ')
      terminal.types('/exit\r')
      expect(await terminal.ends()).toBe(0)
    } finally {
      terminal.close()
    }
  })
})
