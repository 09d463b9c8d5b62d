/** Every kind of mistake: its line and column, and what it says. */
import { describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import type { Adapter } from '../../src/index.ts'
import { formatIssues } from '../../src/manifest/issue.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { adapters, env, good, load } from './manifests.ts'
import { mistakes } from './mistakes.ts'

const report = async (source: string): Promise<readonly string[]> =>
  (await load(source, 'echo')).issues.map(
    ({ severity, line, column, message }) => `${line}:${column} ${severity === 'warning' ? 'warning: ' : ''}${message}`
  )

test('a good manifest becomes a bot', async () => {
  const { bot, issues } = await load(good, 'echo')
  expect(issues).toEqual([])
  expect(bot).toMatchObject({
    name: 'echo',
    version: '1.0.0',
    adapter: 'echo',
    owner: 'platform@bank.example',
    source: good,
    target: {
      url: 'http://127.0.0.1:9/echo',
      egress: ['http://127.0.0.1:9'],
      credentials: 'echo',
      concurrency: 4,
      waiting: 1000,
      env: { ECHO_URL: 'http://127.0.0.1:9/echo' }
    }
  })
  expect(bot?.digest).toMatch(/^[0-9a-f]{64}$/)
})

test('what a manifest leaves out has its default, what it says counts', async () => {
  const [say, book] = (await load(good)).bot?.actions ?? []
  expect(say).toMatchObject({
    name: 'echo_say',
    example: { text: 'hello' },
    errors: { too_loud: { status: 422, title: 'Too loud', hint: 'Say it in small letters.', notApplied: false } },
    idempotency: { ttlMs: 7 * 86_400_000 },
    retry: { attempts: 3, backoffMs: 200, maxBackoffMs: 5_000 },
    timeouts: { queueMs: 60_000, runMs: 60_000 },
    settleMs: 5_000
  })
  expect(say?.probe).toBeUndefined()
  expect(book).toMatchObject({
    name: 'echo_book',
    effect: 'write',
    scopes: ['echo:write'],
    idempotency: { key: ['reference'], ttlMs: 30 * 86_400_000 },
    retry: { attempts: 5, backoffMs: 10, maxBackoffMs: 1_000 },
    timeouts: { queueMs: 120_000, runMs: 90_000 },
    settleMs: 250,
    probe: { weak: false }
  })
  expect(say?.checkInput({ text: 'LOUD' })).toEqual([{ pointer: '/text', message: 'must match pattern "^[a-z ]*$": Any text' }])
  expect(say?.checkInput({ text: 'low' })).toEqual([])
})

test('brackets in text are not nesting', async () => {
  expect((await load(good.replace('hint: Say it in small letters.', `hint: '${'[{'.repeat(100)}'`))).issues).toEqual([])
  expect((await load('- "["\n'.repeat(100))).issues.map(({ message }) => message)).toEqual(['must be a mapping, not a list'])
})

describe('one mistake', () => {
  test.each(mistakes)('%s', async (_, from, to, expected) => {
    expect(good).toContain(from)
    const source = good.replace(from, () => to)
    expect(await report(source)).toEqual(expected)
    expect((await load(source, 'echo')).bot === undefined).toBe(expected.some(line => !line.includes('warning: ')))
  })
})

test('all mistakes of a file at once, in the order of the text', async () => {
  const bent = [
    ['version: 1.0.0', 'version: one'],
    ['[ECHO_URL, ECHO_LEDGER]', '[ECHO_URL, ECHO_LEDGER, DB_PASSWORD]'],
    ['concurrency: 4', 'concurency: 4'],
    ['effect: read', 'effect: reed'],
    ['^[a-z ]*$', '(?=a)'],
    ['too_loud', 'queue_full'],
    ['key: [reference]', 'key: [amount]'],
    ['    commit: true\n', ''],
    ['{{ run.reference }}', '{{ run.( }}']
  ].reduce((source, [from = '', to = '']) => source.replace(from, () => to), good)
  expect((await report(bent)).map(line => line.split(' ')[0])).toEqual(['3:10', '7:30', '11:3', '17:13', '24:40', '28:7', '43:26', '48:29'])
  const { issues } = await load(bent.replace('concurency', 'concurrency'))
  // The adapter is asked about an action as soon as the action and the target have their shape.
  expect(issues.map(({ pointer }) => pointer)).toEqual(
    expect.arrayContaining(['/actions/book/commit', '/actions/book/result/confirmation'])
  )
})

test('a report has its columns', async () => {
  const { issues } = await load(good.replace('title: Echo', 'titel: Echo').replace('type: array', ''))
  expect(formatIssues(issues)).toBe(
    'bots/echo/bot.yaml:2:1  error    title: is missing: a short name for people\nbots/echo/bot.yaml:4:1  error    titel: unknown key; did you mean title?'
  )
})

describe('texts that would take too long are refused within a second', () => {
  const nine = (item: string) => `[${Array(9).fill(item).join()}]`
  const laughs = [...'bcdefghi'].reduce(
    (text, name, index) => `${text}${name}: &${name} ${nine(`*${'abcdefgh'[index]}`)}\n`,
    `a: &a ${nine('1')}\n`
  )
  const fields = (count: number) => Array.from({ length: count }, (_, index) => `p${index}: { type: string }`).join(', ')
  const halves = Array.from(
    { length: 40 },
    (_, i) => `a${i}: { allOf: [{ $ref: "#/$defs/a${i + 1}" }, { $ref: "#/$defs/a${i + 1}" }] }`
  ).join(', ')
  const output = (schema: string) => good.replace('output: { type: object }', () => `output: { ${schema} }`)
  const pattern = (text: string) => good.replace('^[a-z ]*$', () => text)
  const bombs: readonly (readonly [string, string, string])[] = [
    ['a million laughs', laughs, 'once its aliases are expanded'],
    ['an alias in itself', 'a: &a [*a, *a]', 'nested too deeply'],
    ['many aliases', `a: &a [1, 1, 1]\nb: [${'*a,'.repeat(15_000)}]`, 'once its aliases are expanded'],
    ['very many aliases', `a: &a 1\nb: [${'*a,'.repeat(300_000)}]`, 'too many parts'],
    ['1 MiB of brackets', '['.repeat(2 ** 20), 'nested too deeply'],
    ['many blocks', Array.from({ length: 1_400 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), 'nested too deeply'],
    ['many dashes', '- '.repeat(20_000), 'nested too deeply'],
    ['many brackets', '['.repeat(20_000), 'nested too deeply'],
    ['a few brackets', `bot: ${'['.repeat(70)}${']'.repeat(70)}`, 'nested too deeply'],
    ['many keys', Array.from({ length: 100_000 }, (_, i) => `k${i}: 1`).join('\n'), 'too many parts'],
    ['many items', '- a\n'.repeat(250_000), 'too many parts'],
    ['more than 1 MiB', 'x'.repeat(2 ** 20 + 1), 'larger than 1 MiB'],
    ['a long enum', output(`enum: [${Array.from({ length: 20_000 }, (_, i) => i)}]`), '10000 values are the limit'],
    ['many properties', output(`type: object, properties: { ${fields(1_200)} }`), '1000 are the limit'],
    ['references that double', output(`$ref: "#/$defs/a0", $defs: { ${halves}, a40: true }`), 'expand to over 100000'],
    ['a reference to itself', output('allOf: [{ $ref: "#" }]'), 'leads back to itself'],
    ['a deep schema', output(`${'not: { '.repeat(80)}type: string${' }'.repeat(80)}`), 'nested too deeply'],
    ['patterns that repeat', pattern('(a{1,100}){1,10}'.repeat(60)), 'repeat too much'],
    ['a long pattern', pattern('('.repeat(5_000)), 'too long'],
    ['a pattern that backtracks elsewhere', pattern('^(a|a)*$').replace('text: hello', `text: ${'a'.repeat(40)}b`), 'does not fit']
  ]
  test.each(bombs)('%s', async (_, source, expected) => {
    // One that was taken up would not end within the test's own limit.
    const { bot, issues } = await load(source)
    expect(bot).toBeUndefined()
    expect(issues.map(({ message }) => message).join('\n')).toContain(expected)
  })
})

test('nothing of a manifest reaches a prototype', async () => {
  await load(good.replace('title: Echo', '__proto__: { polluted: true }\nconstructor: { prototype: { polluted: true } }\ntitle: Echo'))
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

describe('of several forms that a value may have, the one that was meant is explained', () => {
  const point = z.strictObject({ css: z.string(), exact: z.boolean().optional() })
  const shape = {
    target: z.strictObject({}),
    action: z.strictObject({ at: z.union([z.string(), z.array(z.string()), point]).optional() }),
    probe: z.strictObject({}),
    error: z.strictObject({})
  }
  const adapter: Adapter = { name: 'echo', shape, parse: () => ({}), run: async () => null, close: async () => {} }
  const rows: readonly (readonly [string, string])[] = [
    ['5', 'must be text, a list or a mapping, not 5'],
    ['{ css: x, exat: true }', 'unknown key; did you mean exact?'],
    ['[x, 5]', 'must be text, not 5; write "5" in quotes']
  ]
  test.each(rows)('%s', async (value, expected) => {
    const source = good
      .replace(/^ {2}ledger.*\n/m, '')
      .replace(/ {4}effect: read\n/, `    effect: read\n    at: ${value}\n`)
      .replace(/ {2}book:[\s\S]*$/, '')
    const { issues } = await loadManifest(source, {
      file: 'bot.yaml',
      adapters: { echo: adapter },
      env,
      targetOrigins: ['http://127.0.0.1:9']
    })
    expect(issues.map(({ message }) => message.replace(/^[^:]*: /, ''))).toEqual([expected])
  })
})

test("what an adapter's parse throws is a mistake of the manifest, and so is a probe that it can not do", async () => {
  const { probe: _, ...echo } = { ...adapters.echo } as Adapter
  const parse = () => {
    throw new Error('no such WSDL')
  }
  const { issues } = await loadManifest(good, {
    file: 'bot.yaml',
    adapters: { echo: { ...echo, parse } },
    env,
    targetOrigins: ['http://127.0.0.1:9']
  })
  expect(issues.map(({ line, message }) => `${line} ${message}`)).toEqual([
    '14 actions.say: no such WSDL',
    '29 actions.book: no such WSDL',
    '48 actions.book.probe: the adapter echo can not probe: leave it out'
  ])
})
