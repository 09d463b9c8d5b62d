/** Expressions of strangers: what they may do, what ends them, and that the process goes on. */
import { describe, expect, test } from '@jest/globals'
import { compileTemplate, readExpressions, renderText } from '../../src/core/expression.ts'
import type { Json, Scope } from '../../src/index.ts'

const scope = (input: Json = {}, more: object = {}): Scope => ({
  input,
  session: {},
  credentials: { password: 'hunter2' },
  env: {},
  steps: {},
  run: { id: 'run_1', reference: 'RF1', attempt: 1 },
  ...more
})
const evaluate = (source: string, input?: Json, more?: object) => compileTemplate(`{{ ${source} }}`)(scope(input, more))
/** Undefined where it gives nothing. */
const find = (source: string, input?: Json, more?: object) => evaluate(`optional ${source}`, input, more)

const doubling = (first: string, step: string) => `($s := ${first}; ${`$s := ${step}; `.repeat(24)}$s)`
const attacks: readonly (readonly [string, string, RegExp])[] = [
  ['a text padded to 400 million characters', '$pad("x", 400000000)', /a text has more than 2000000 characters/],
  ['the same by $eval', '$eval("$pad(\\"x\\", 400000000)")', /more than 2000000 characters/],
  ['a text that doubles', doubling('input.s', '$s & $s'), /a text has more than 2000000 characters/],
  ['a text that doubles by $eval', `$eval(${JSON.stringify(doubling('input.s', '$s & $s'))})`, /more than 2000000 characters/],
  ['an object that doubles', doubling('{"a": "xxxxxxxx"}', '{"a": $s, "b": $s}'), /a value has more than 8000000 characters/],
  ['a list that doubles', doubling('[1..1000]', '[$s, $s]'), /maximum sequence length/],
  ['a list of lists', '$count([1..100000].[1..100000])', /maximum sequence length|longer than 250 milliseconds/],
  ['recursion without an end', '($f := function($n) { $f($n + 1) }; $f(1))', /longer than 250 milliseconds/],
  ['a hostile picture', `$toMillis("${'IVX'.repeat(300)}!", "${'[YI]'.repeat(40)}")`, /longer than 250 milliseconds/],
  ['a wide picture', '$fromMillis(0, "[Y,4 0 0 0 0 0 0 0 0]")', /a width of more than 999/],
  ['a long picture', `$formatNumber(1, "${'0'.repeat(300)}")`, /a picture of more than 256/],
  ['a number that loses digits', '$number("9007199254740993")', /more digits than a number keeps: leave it as text/],
  ['look-ahead', '$match("a", /(?=a)/)', /invalid or unsupported Perl syntax/],
  ['brackets without an end', '('.repeat(8_000), /call stack|longer than 250/]
]

test.each(attacks)('%s ends in an error', async (_, source, says) => {
  await expect(evaluate(source, { s: 'x'.repeat(60_000) })).rejects.toThrow(says)
})

test('an expression that takes too much memory is ended, and the process goes on', async () => {
  const hungry = '($f := function($n, $a) { $f($n + 1, {"a": $a, "b": $shuffle([1..100000])}) }; $f(1, {}))'
  await expect(evaluate(hungry)).rejects.toThrow(/too much memory|longer than 250 milliseconds/)
  expect(await evaluate('1 + 1')).toBe(2)
})

test('what is ended is not worth another try; what fails otherwise may be', async () => {
  await expect(evaluate('($f := function($n) { $f($n + 1) }; $f(1))')).rejects.toMatchObject({ isEnded: true })
  await expect(evaluate('$error("no")')).rejects.toMatchObject({ isEnded: false })
})

test('an expression that never ends does not hold up the others', async () => {
  const endless = evaluate('($f := function($n) { $f($n + 1) }; $f(1))').catch(error => String(error))
  const others = await Promise.all(Array.from({ length: 20 }, (_, index) => evaluate(`1 + input.n`, { n: index })))
  expect(others).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  expect(await endless).toMatch(/longer than 250 milliseconds/)
})

const honest: readonly (readonly [string, Json])[] = [
  ['12345678901234.56 & " EUR"', '12345678901234.56 EUR'],
  ['$string(-12345678901234.56)', '-12345678901234.56'],
  ['$string(0.1 + 0.2)', '0.3'],
  ['$number("9007199254740992")', 9_007_199_254_740_992],
  ['$replace(input.spaces, /\\s+$/, "")', ''],
  ['$exists($match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /^(a+)+$/))', false],
  ['$replace("2025-03-31", /(\\d+)-(\\d+)-(\\d+)/, "$3.$2.$1")', '31.03.2025'],
  ['$split("a\u00a0b\tc", /\\s/)', ['a', 'b', 'c']],
  ['$contains("ABC", /b/i)', true],
  ['$match("ab", /(a)(x)?/).groups', ['a', null]],
  ['$map(["a", "b"], function($v, $i) { $v & $i })', ['a0', 'b1']],
  ['input.rows[amount > 1].{"name": name, "twice": amount * 2}', { name: 'two', twice: 4 }],
  ['input.rows.name ~> $map($uppercase) ~> $join("-")', 'ONE-TWO'],
  ['($five := $pad(?, 5, "."); $five("a"))', 'a....'],
  ['"a" & 1 & {"x": 1} & null & nothing & [1, 2]', 'a1{"x":1}null[1,2]'],
  ['$sum(input.rows.amount)', 3],
  ['$formatNumber(1234.5, "#,##0.00")', '1,234.50'],
  ['$fromMillis(0, "[D01].[M01].[Y0001]")', '01.01.1970'],
  ['$toMillis("31.03.2025", "[D01].[M01].[Y0001]")', Date.UTC(2025, 2, 31)],
  ['$$.input.rows[0].name', 'one'],
  ['$keys($)', ['input', 'session', 'credentials', 'env', 'steps', 'run']],
  ['$eval("input.rows[1].name")', 'two'],
  ['$lookup($$, "in" & "put").rows[0].amount', 1],
  ['input.rows#$i[$i = 1].name', 'two'],
  ['[input.rows^(>amount).name]', ['two', 'one']]
]

test.each(honest)('%s works', async (source, expected) => {
  const input = {
    spaces: ' '.repeat(60_000),
    rows: [
      { name: 'one', amount: 1 },
      { name: 'two', amount: 2 }
    ]
  }
  expect(await evaluate(source, input)).toEqual(expected)
})

test('a number that loses digits where it is written is a mistake', async () => {
  const lost = ['input.a = 9007199254740993', '0.10000000000000001 * 2']
  const fine = ['input.a = "9007199254740993"', '$x9007199254740993', '1e2 + 0.1', 'input.`12345678901234567`', '[0..9]']
  const found = await readExpressions(new Set([...lost, ...fine]))
  expect([...lost, ...fine].filter(text => found.get(text)?.mistake !== undefined)).toEqual(lost)
  expect(found.get(lost[0] ?? '')?.mistake).toContain(
    'holds 9007199254740993, which has more digits than a number keeps: write it in quotes'
  )
})

test('a number becomes text in digits alone', async () => {
  const texts = [1e21, 1.5e-7, 12.5, 0].map(n => renderText(compileTemplate('{{ input.n }}'), scope({ n })))
  expect(await Promise.all(texts)).toEqual(['1000000000000000000000', '0.00000015', '12.5', '0'])
})

test('a variable of one evaluation is not there in the next', async () => {
  expect(await evaluate('[$exists($kept), $kept := input.secret][0]', { secret: 's' })).toBe(false)
  expect(await evaluate('[$exists($kept), $kept := input.secret][0]', {})).toBe(false)
})

describe('a simple path is read without a thread, as JSONata would read it', () => {
  const values: readonly Json[] = [
    'text',
    '',
    0,
    false,
    null,
    [],
    [1],
    [[1]],
    [{ b: 1 }, { b: [2, 3] }, { c: 4 }],
    { b: 1 },
    { b: null },
    { b: [] },
    { b: [5] },
    { b: [{ c: 1 }, { c: 2 }] },
    { b: { c: { d: 'deep' } } },
    { 'b c': 1 },
    { __proto__: { b: 1 } } as unknown as Json
  ]
  const paths = ['a', 'a.b', 'a.b.c', 'a . b', 'a.`b c`', 'a.constructor', 'a.length', 'a.toString', 'nothing', 'nothing.b']
  test.each(values.map(value => [value]))('%j', async a => {
    for (const path of paths) {
      const inThread = await find(`(${path})`, {}, { a })
      expect([path, await find(path, {}, { a })]).toEqual([path, inThread])
    }
  })

  test('and changes of what was read do not reach the scope', async () => {
    const input = { list: [{ a: 1 }] }
    const read = (await evaluate('input.list', input)) as { a: number }[]
    expect(read).toEqual(input.list)
    expect(read).not.toBe(input.list)
  })
})

test('a text of several expressions, and members without a value', async () => {
  const template = compileTemplate({
    a: '{{ input.name }}-{{ $uppercase(input.name) }}',
    b: '{{ optional input.none }}',
    c: [1, '{{ optional input.none }}'],
    d: 'none: {{ optional input.none }}'
  })
  expect(await template(scope({ name: 'x' }))).toEqual({ a: 'x-X', c: [1], d: 'none: ' })
})

test('an expression that is too long is refused before anybody reads it', () => {
  expect(() => compileTemplate(`{{ ${'1+'.repeat(20_000)}1 }}`)).toThrow(/more than 16384 characters/)
})
