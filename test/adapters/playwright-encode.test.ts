/** Holes in addresses and selectors, without a browser: where one may stand, and what becomes of a value there. */
import { describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { compileAddress } from '../../adapters/playwright/encode-address.ts'
import { compileCss } from '../../adapters/playwright/encode-css.ts'
import { compileXpath } from '../../adapters/playwright/encode-xpath.ts'
import type { Json, JsonObject, Scope } from '../../src/index.ts'
import { parseAction } from './playwright/harness.ts'
import { climbing, impossibleTexts, oddTexts } from './playwright/odd-texts.ts'

const adapter = createAdapter()
const scopeOf = (input: JsonObject): Scope => ({
  input,
  session: {},
  credentials: {},
  env: {},
  steps: {},
  run: { id: 'r', reference: 'R', attempt: 1 }
})
const url = 'https://portal.example/app/'
const target = { url, egress: ['https://portal.example', 'https://login.example'] }
const addressOf = async (text: string, input: JsonObject) =>
  (await compileAddress(text)(scopeOf(input), target)).href.replace('https://portal.example', '')
const refused = { code: 'invalid_input', status: 422, retryable: false, effect: 'none' }

describe('an address', () => {
  const query = 'a=b&c#d?e/f+%2e é"\'\\*\n\t\u0007\u202e😀'
  const quoted = encodeURIComponent(query).replaceAll("'", '%27').replaceAll('*', '%2A')
  test.each<[string, Json, string]>([
    ['/customers/{{ input.v }}', '?x#', '/customers/%3Fx%23'],
    ['/customers/{{ input.v }}', 'a/b\\c', '/customers/a%2Fb%5Cc'],
    ['/customers/{{ input.v }}', '%00', '/customers/%2500'],
    ['/customers/{{ input.v }}', '\u0001\n\u202e', '/customers/%01%0A%E2%80%AE'],
    ['/customers/{{ input.v }}/notes', 'x;y=z', '/customers/x%3By%3Dz/notes'],
    ['/customers/{{ input.v }}.html?q=1', '..a', '/customers/..a.html?q=1'],
    ['/customers/{{ input.v }}', '...', '/customers/...'],
    ['customers-{{ input.v }}', 'javascript:', '/app/customers-javascript%3A'],
    ['/{{ input.v }}', '@evil.example', '/%40evil.example'],
    ['/{{ input.v }}', 'https://evil.example', '/https%3A%2F%2Fevil.example'],
    ['/search?q={{ input.v }}&x=1', query, `/search?q=${quoted}&x=1`],
    ['/search?q={{ input.v }}', '', '/search?q='],
    ['/search?q={{ input.v }}', '../..', '/search?q=..%2F..'],
    ['/search?{{ input.v }}', 'a=1&b=2', '/search?a%3D1%26b%3D2'],
    ['/app#/case/{{ input.v }}', 'a/b', '/app#/case/a%2Fb'],
    ['https://login.example/{{ input.v }}', 'a', 'https://login.example/a'],
    ['{{ input.v }}', '/whole?a=1#b', '/whole?a=1#b'],
    ['{{ input.v }}', 'relative/x', '/app/relative/x'],
    ['{{ input.v }}', 'https://login.example/in', 'https://login.example/in'],
    ['{{ input.v }}/customers/{{ input.v }}', '/base', '/base/customers/%2Fbase'],
    ['/n/{{ input.v }}', 12.5, '/n/12.5'],
    ['/big/{{ input.v }}/end', '/'.repeat(65_536), `/big/${'%2F'.repeat(65_536)}/end`]
  ])('%s with %j leads to its place', async (address, v, expected) => {
    expect(await addressOf(address, { v })).toBe(expected)
  })

  test.each(oddTexts.map(text => [text.slice(0, 40), text]))('%j is one segment, one value of the query, one fragment', async (_, v) => {
    const read = new URL(await addressOf('/a/{{ input.v }}/b?c={{ input.v }}&d=1#{{ input.v }}', { v: v as string }), url)
    expect(read.pathname.split('/').map(decodeURIComponent)).toEqual(['', 'a', v, 'b'])
    expect([...read.searchParams]).toEqual([
      ['c', v],
      ['d', '1']
    ])
    expect(decodeURIComponent(read.hash)).toBe(`#${v}`)
  })

  test.each(climbing)('%j does not leave its path', async v => {
    for (const text of ['/customers/{{ input.v }}', '/customers/{{ input.v }}/notes', '/app#/customers/{{ input.v }}'])
      await expect(addressOf(text, { v })).rejects.toMatchObject(refused)
  })

  test.each<[string, JsonObject]>([
    ['/{{ input.a }}/evil.example', { a: '' }],
    ['/a/.{{ input.a }}', { a: '.' }],
    ['/a/.{{ input.a }}/b', { a: '%2e' }],
    ['/a/{{ input.a }}{{ input.b }}', { a: '.', b: '.' }],
    ['/a/{{ input.a }}{{ input.b }}', { a: '', b: '' }]
  ])('%s with %j would be another path', async (address, input) => {
    await expect(addressOf(address, input)).rejects.toMatchObject(refused)
  })

  test.each([
    'https://evil.example/',
    '//evil.example',
    '/\t/evil.example',
    '\\\\evil.example',
    '/\\evil.example',
    'https:\\\\evil.example',
    ' https://evil.example',
    'https://portal.example@evil.example/',
    'https://portal.example.evil.example/',
    'https://user:secret@portal.example/',
    'http://portal.example/',
    'https://portal.example:8443/',
    'javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'blob:https://portal.example/x',
    'view-source:https://portal.example/',
    'https://[',
    ''
  ])('%j is not the whole of one, nor its beginning', async v => {
    await expect(addressOf('{{ input.v }}', { v })).rejects.toMatchObject(refused)
    if (v !== '') await expect(addressOf('{{ input.v }}/{{ input.v }}', { v: `${v}?` })).rejects.toMatchObject(refused)
  })

  test('does not become another host by what follows its beginning', async () => {
    await expect(addressOf('{{ input.v }}.evil.example/', { v: 'https://portal.example' })).rejects.toMatchObject(refused)
    await expect(addressOf('{{ input.v }}{{ input.w }}', { v: 'https://portal.example', w: '.evil.example' })).rejects.toMatchObject(
      refused
    )
  })

  test('a refusal names the expression and the place in the input, never the value', async () => {
    const error = await addressOf('/a/{{ input.case.no }}', { case: { no: '../secret-4711' } }).catch((failure: unknown) => failure)
    expect(error).toMatchObject({
      message: '{{ input.case.no }} holds . or .. as a segment of a path',
      errors: [{ pointer: '/case/no', message: 'holds . or .. as a segment of a path' }]
    })
    expect(JSON.stringify(error)).not.toContain('4711')
  })
})

test.each(impossibleTexts)('%j can stand nowhere', async v => {
  for (const text of ['/a/{{ input.v }}', '/a?b={{ input.v }}', '{{ input.v }}'])
    await expect(addressOf(text, { v })).rejects.toMatchObject(refused)
  for (const text of ["[a='{{ input.v }}']", '[a={{ input.v }}]', '#{{ input.v }}', '.a{{ input.v }}'])
    await expect(compileCss(text)(scopeOf({ v }))).rejects.toMatchObject(refused)
  for (const text of ["//a[.='{{ input.v }}']", '//a[.={{ input.v }}]'])
    await expect(compileXpath(text)(scopeOf({ v }))).rejects.toMatchObject(refused)
})

describe('a selector', () => {
  test.each([
    ['css', '#{{ input.v }}', ['']],
    ['css', 'p:has-text("{{ input.v }}")', ['', ' \u200b\u00ad']],
    ['css', 'li:nth-child({{ input.v }})', ['', '0', '-1', '1e3', 'odd', '2n', '1) , (', 'last()']],
    ['css', ':nth-match(li, {{ input.v }})', ['', '0', 'x']],
    ['xpath', "//p[contains(., '{{ input.v }}')]", ['', '\u200b']],
    ['xpath', '//p[starts-with(@id, {{ input.v }})]', ['']],
    ['xpath', '//a[{{ input.v }}]', ['', '0', '1 or 1', 'last()', '1]|//b[1']]
  ])('%s %s refuses what would fit everything, or is no number', async (way, text, values) => {
    for (const v of values) await expect((way === 'css' ? compileCss : compileXpath)(text)(scopeOf({ v }))).rejects.toMatchObject(refused)
  })

  test.each<[string, JsonObject, string]>([
    ["//a[.='{{ input.v }}']", { v: 'x' }, "//a[.=concat('x','')]"],
    ["//a[.='a {{ input.v }} b' and @c='d']", { v: `"'>>` }, `//a[.=concat('a ',concat('"',"'",'>','>'),' b','') and @c='d']`],
    ['//a[@n > {{ input.v }}]', { v: 2 }, '//a[@n > 2]'],
    ['//a[@n > {{ input.v }}]', { v: '2 or 1' }, "//a[@n > '2 or 1']"],
    ['//a[ {{ input.v }} ]', { v: '3' }, '//a[ 3 ]']
  ])('xpath %s with %j', async (text, input, expected) => {
    expect(await compileXpath(text)(scopeOf(input))).toBe(expected)
  })
})

describe('an expression that would be a piece of the grammar is a mistake in the manifest', () => {
  test.each<[JsonObject, string]>([
    [
      { click: { css: '{{ input.a }}' } },
      'steps.1.click.css: {{ input.a }} stands for a piece of the selector: a value stands within quotes'
    ],
    [{ click: { css: 'div {{ input.a }}' } }, 'a piece of the selector'],
    [{ click: { css: 'a:{{ input.a }}' } }, 'a piece of the selector'],
    [{ click: { css: 'a{{ input.a }}' } }, 'a piece of the selector'],
    [{ click: { css: 'a:is({{ input.a }})' } }, 'a piece of the selector'],
    [{ click: { css: 'li:nth-child(2n+{{ input.a }})' } }, 'a piece of the selector'],
    [{ click: { css: '[{{ input.a }}]' } }, 'is in an attribute, and not its value'],
    [{ click: { css: '[a="b" {{ input.a }}]' } }, 'is in an attribute, and not its value'],
    [{ click: { css: 'tr >> text={{ input.a }}' } }, 'is in a chain of selectors'],
    [{ click: { css: '[a="{{ input.a }}"] >> a' } }, 'is in a chain of selectors'],
    [{ click: { css: 'a:text-matches("{{ input.a }}")' } }, 'is in a pattern'],
    [{ click: { css: '#a\\3{{ input.a }}' } }, 'goes on after a backslash'],
    [{ click: { css: '#a/*{{ input.a }}*/' } }, 'is beside a comment'],
    [{ click: { xpath: '{{ input.a }}' } }, 'a piece of the expression: a value stands within quotes'],
    [{ click: { xpath: '//{{ input.a }}' } }, 'a piece of the expression'],
    [{ click: { xpath: '//a[@{{ input.a }}]' } }, 'a piece of the expression'],
    [{ click: { xpath: '//a[{{ input.a }}=1]' } }, 'a piece of the expression'],
    [{ click: { xpath: "//a[.='{{ input.a }}'] >> b" } }, 'is in a chain of selectors'],
    [{ extract: { x: { list: '{{ input.a }}' } } }, 'a piece of the selector'],
    [{ frame: { xpath: '//{{ input.a }}', steps: [{ goto: '/' }] } }, 'a piece of the expression'],
    [{ goto: 'https://{{ input.a }}/x' }, 'steps.1.goto: {{ input.a }} names a host or a port: an expression is a segment of the path'],
    [{ goto: 'https://a.example:{{ input.a }}/' }, 'names a host or a port'],
    [{ goto: 'https://a{{ input.a }}' }, 'names a host or a port'],
    [{ goto: '//{{ input.a }}' }, 'names a host or a port'],
    [{ goto: 'javascript:{{ input.a }}' }, 'names a host or a port'],
    [{ goto: '{{ input.a }}://{{ input.b }}' }, 'names a host or a port'],
    [{ goto: 'x{{ input.a }}:y' }, 'may name a scheme'],
    [{ goto: '/a/%2{{ input.a }}' }, 'goes on after %'],
    [{ goto: '\\a\\{{ input.a }}' }, 'holds no \\'],
    [{ waitFor: { url: 'https://{{ input.a }}/' } }, 'names a host or a port']
  ])('%j', (step, message) => {
    expect(parseAction(adapter, { steps: [{ goto: '/' }, step] }).issues.join('\n')).toContain(message)
  })
})
