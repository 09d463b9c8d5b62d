import { afterAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { parseAction, tellerActions, tellerTarget } from './playwright/harness.ts'

const adapter = createAdapter()
afterAll(() => adapter.close())

/** On a pinned screen, so that the steps may begin with anything. */
const issuesOf = (steps: readonly JsonObject[], more: JsonObject = {}, target: JsonObject = {}) =>
  parseAction(adapter, { steps, screen: 'continue', ...more }, target).issues
const write = { effect: 'write' }

describe('mistakes that are found when a manifest is loaded', () => {
  test('every action of the sample bot is fine', () => {
    for (const action of Object.values(tellerActions)) expect(parseAction(adapter, action, tellerTarget).issues).toEqual([])
  })

  test.each<[string, JsonObject, string]>([
    ['css with an open bracket', { click: { css: 'td[name' } }, 'steps.0.click.css: css "td[name": "]" is missing'],
    ['css with a lone combinator', { click: { css: 'td > ' } }, 'a selector is missing beside a combinator'],
    ['css that is XPath', { click: { css: '//td' } }, 'write xpath'],
    ['css with a lone dot', { click: { css: 'td.' } }, 'is not a CSS selector'],
    ['css with an open quote', { click: { css: 'a[x="y]' } }, 'is not closed'],
    ['xpath with an open bracket', { click: { xpath: '//td[1' } }, '"]" is missing'],
    ['xpath that ends in a slash', { click: { xpath: '//td/' } }, 'is not an XPath expression'],
    ['no element', { click: {} }, 'names no element: write one of role, label'],
    ['two elements', { click: { css: 'a', text: 'b' } }, 'write one of text, css, not both'],
    ['a name without role', { click: { css: 'a', name: 'b' } }, 'name belongs to role'],
    ['an unknown role', { click: { role: 'knob' } }, '"knob" is no ARIA role'],
    ['two kinds', { goto: '/', click: { css: 'a' } }, 'is goto and click at once: make it 2 steps'],
    ['no kind', { name: 'x' }, 'says nothing to do'],
    ['an unknown kind', { clik: { css: 'a' } }, 'Unrecognized key: "clik"'],
    ['an unknown option', { click: { css: 'a', speed: 1 } }, 'Unrecognized key: "speed"'],
    ['a bad time', { goto: '/', timeout: 'soon' }, 'steps.0.timeout'],
    ['a table without columns', { extract: { rows: { table: 'table' } } }, 'a table needs columns'],
    [
      'a column without a place',
      { extract: { rows: { table: 'table', columns: { a: { as: 'money' } } } } },
      'a column needs one of header, index, css'
    ],
    ['columns without a table', { extract: { a: { css: 'a', columns: { b: { index: 1 } } } } }, 'columns belongs to a table'],
    ['a bad date format', { extract: { a: { css: 'a', as: 'date', format: 'dd/yyyy' } } }, 'is no date format'],
    ['a bad locale', { extract: { a: { css: 'a', as: 'money', locale: 'x' } } }, 'is no locale'],
    ['a bad pattern', { extract: { a: { css: 'a', pattern: '(' } } }, 'is no RE2 pattern'],
    ['a pattern that looks ahead', { extract: { a: { css: 'a', pattern: 'a(?=b)' } } }, 'is no RE2 pattern'],
    ['a taken name', { extract: { input: { css: 'a' } } }, '"input" is taken'],
    ['an empty expectation', { expect: {} }, 'expects nothing'],
    ['a mistake within a frame', { frame: { name: 'f', steps: [{ click: { css: '[' } }] } }, 'steps.0.frame.steps.0.click.css']
  ])('%s', (_, step, message) => {
    expect(issuesOf([step]).join('\n')).toContain(message)
  })

  test('commit points: none, two, in a read, in a loop, on a step that sends nothing, in a probe', () => {
    const click = { click: { css: 'a' } }
    const commit = { ...click, commit: true }
    expect(issuesOf([click], write).join()).toContain('a write action needs commit: true')
    expect(issuesOf([commit, commit], write)).toEqual([expect.stringContaining('steps.1.commit: there is a commit point before')])
    expect(issuesOf([commit])).toEqual([expect.stringContaining('a read has no commit point')])
    expect(issuesOf([{ forEach: { in: '{{ input.a }}', steps: [commit] } }, commit], write).join()).toContain('can not stand in a loop')
    expect(issuesOf([{ hover: { css: 'a' }, commit: true }], write).join()).toContain('hover sends nothing')
    expect(issuesOf([commit], { ...write, probe: { steps: [commit], found: '{{ true }}' } }).join()).toContain(
      'a login or a probe has no commit point'
    )
    expect(issuesOf([{ ...click, commit: { request: 'transfer' } }], write).join()).toContain('is no request')
    expect(issuesOf([commit], write)).toEqual([])
  })

  test('mistakes of the target and of errors have their place', () => {
    expect(issuesOf([{ goto: '/' }], {}, { ready: { css: '[' }, locale: '!' })).toEqual([
      expect.stringContaining('target.locale'),
      expect.stringContaining('target.ready.css')
    ])
    expect(issuesOf([{ goto: '/' }], { errors: { gone: { status: 404, title: 'Gone', when: { xpath: '//[' } } } }).join()).toContain(
      'errors.gone.when.xpath'
    )
  })

  const click = { click: { css: 'a' } }
  const go = { goto: '/' }
  test.each<[boolean, string, JsonObject[]]>([
    [true, 'goto', [go, click]],
    [true, 'the answer to a dialog, then goto', [{ dialog: { answer: 'accept' } }, go]],
    [true, 'an if whose ways both begin with goto', [{ if: { that: '{{ input.a }}', steps: [go], else: [go, click] } }]],
    [true, 'an if with goto, and goto after it', [{ if: { that: '{{ input.a }}', steps: [go] } }, go]],
    [false, 'a click', [click, go]],
    [false, 'an extract', [{ extract: { a: { css: 'a' } } }]],
    [false, 'a picture', [{ screenshot: {} }, go]],
    [false, 'a wait for an address', [{ waitFor: { url: '/' } }, go]],
    [false, 'an if that looks at the page', [{ if: { css: 'a', steps: [go], else: [go] } }]],
    [false, 'an if with one way to an address', [{ if: { that: '{{ input.a }}', steps: [go] } }, click]],
    [false, 'a loop that may be empty', [{ forEach: { in: '{{ input.a }}', steps: [go] } }]],
    [false, 'a frame', [{ frame: { name: 'f', steps: [go] } }]]
  ])('%s: steps may begin with %s', (may, _, steps) => {
    const begin = 'must begin with goto: the page is where the last run left it'
    const probe = { steps, found: '{{ true }}' }
    const issues = (more: JsonObject) => parseAction(adapter, { steps, ...more }).issues
    const expected = may ? [] : [expect.stringContaining(`steps.0: ${begin}`)]
    expect(issues({})).toEqual(expected)
    expect(issues({ screen: 'pinned' })).toEqual(expected)
    for (const screen of ['continue', 'finish']) expect(issues({ screen })).toEqual([])
    const commit = { steps: [go, { ...click, commit: true }], effect: 'write', screen: 'continue' }
    expect(issues({ ...commit, probe })).toEqual(may ? [] : [expect.stringContaining(`probe.steps.0: ${begin}`)])
  })
})
