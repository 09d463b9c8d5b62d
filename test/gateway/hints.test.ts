/** `retryable`, hint and behaviour of every code say the same, on each surface in its own words. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type ErrorCode, errorKinds, hintOf, RetrofitError } from '../../src/core/errors.ts'
import { fail, freesKey } from '../../src/core/run.ts'
import { runErrorOf } from '../../src/engine/outcome.ts'
import { overQuota } from '../../src/engine/quotas.ts'
import { failureOf } from '../../src/gateway/mcp/results.ts'
import { problemOfError, problemOfRun } from '../../src/gateway/problem.ts'
import { problemText } from '../../src/gateway/run-text.ts'
import { hintFor } from '../../src/surface/hint-for.ts'
import { aRun } from '../contract/fixtures.ts'

const http =
  /[Hh]eader|Retry-After|\b(?:GET|POST|PUT|PATCH|DELETE)\b|\/v1\/|\/openapi|Session-Id|Idempotency-Key|Authorization|Bearer|Content-Type|Accept |\?wait/
const tools = /get_run|idempotency_key|search_actions|describe_action|_meta|list of tools|--[a-z]/
/** To do the same again, as it is. */
const again =
  /\btry again\b|\btried again\b|\bask again\b|\bthe same call\b|\bcall again\b|\bthen send this call\b|\band only then say\b|\bFree what\b/
/** What nobody may say where it does not help. */
const sameAgain = /\b(?:try|tried) again\b|\bthe same call\b(?! answers)|\bagain later\b|\bwith more time\b/
const ofMcp = /get_run|idempotency_key|open_session|search_actions|describe_action|_meta|--[a-z]/
const notAgain = /\bdo not (?:retry|repeat)|\bDo NOT repeat|\bdoes not help|\bDo not send it again/

const codes = Object.keys(errorKinds) as ErrorCode[]
const cases = codes.flatMap(code => [true, false].map(retryable => [code, retryable] as const))

describe.each(cases)('%s, retryable: %s', (code, retryable) => {
  const error = new RetrofitError(code, { detail: 'It is so.', retryable, retryAfterMs: 5_000 })

  test('a run that ended with it frees its key when, and only when, it says that another try can help', () => {
    const run = fail(aRun(), runErrorOf(error), { now: 1 })
    expect(problemOfRun(run)).toMatchObject({ retryable, hint: hintOf(code, retryable) })
    expect(freesKey(run)).toBe(retryable)
  })

  test('its hint says the same', () => {
    if (retryable) expect(error.hint).toMatch(again)
    else expect(error.hint).not.toMatch(sameAgain)
    if (retryable) expect(error.hint).not.toMatch(notAgain)
    expect(problemText(problemOfError(error).problem)).toContain(
      retryable ? 'It can be tried again.' : 'The same call again does not help.'
    )
  })

  test.each(['tool', 'chat', 'command'] as const)('its hint says the same to a %s', surface => {
    const hint = hintFor(surface, { code, hint: error.hint, retryAfterMs: 5_000 })
    if (retryable) expect(hint).toMatch(again)
    expect(hint).not.toMatch(retryable ? notAgain : sameAgain)
    if (surface !== 'command') expect(hint).not.toMatch(http)
    if (surface === 'chat') expect(hint).not.toMatch(ofMcp)
  })

  test('a read that was begun hears the same', () => {
    const run = fail(aRun({ attempt: 1, actionEffect: 'read' }), runErrorOf(error), { now: 1 })
    const { hint } = problemOfRun(run) ?? {}
    if (retryable) expect(hint).toMatch(again)
    expect(hint).not.toMatch(retryable ? notAgain : sameAgain)
  })

  test('REST hears no word of tools, a tool none of HTTP, a command line neither', () => {
    expect(error.hint).not.toMatch(tools)
    const told = failureOf(error)
    expect(told._meta).toMatchObject({ problem: { code, retryable } })
    const { hint } = (told._meta as { problem: { hint: string } }).problem
    expect(hint).not.toMatch(http)
    expect(JSON.stringify(told.content)).toContain(JSON.stringify(hint).slice(1, -1))
    if (retryable) expect(hint).not.toMatch(notAgain)
    const spoken = hintFor('command', { code, hint: error.hint, retryAfterMs: 5_000 })
    expect(spoken).not.toMatch(/Retry-After|Idempotency-Key|Session-Id|Authorization|idempotency_key|get_run/)
  })
})

test.each(['sessions', 'waiting', 'storedBytes', 'streams', 'screens', 'versions', 'bots'] as const)(
  'a tool hears of the quota of %s without HTTP',
  of => {
    const { hint } = (failureOf(overQuota({}, of))._meta as { problem: { hint: string } }).problem
    expect(hint).not.toMatch(http)
  }
)

test('a tool is told how long to wait', () => {
  const error = new RetrofitError('queue_full', { detail: 'Full.', retryAfterMs: 5_000 })
  expect(JSON.stringify(failureOf(error).content)).toContain('Wait 5 seconds, then send the same call with the same key.')
})

const root = join(import.meta.dirname, '../..')
const thrown = ['src', 'adapters']
  .flatMap(folder => globSync(`${folder}/**/*.ts`, { cwd: root }))
  .flatMap(file => hintsIn(file, readFileSync(join(root, file), 'utf8')))

/** Hints that throwers write for a case of their own, with whether they say that another try can help. */
function hintsIn(file: string, source: string): readonly (readonly [string, string, string, boolean])[] {
  return [...source.matchAll(/new RetrofitError\('(\w+)',\s*\{/g)].flatMap(({ 1: code = '', index, 0: { length } }) => {
    const options = optionsAt(source, index + length)
    const hint = /\bhint:\s*(['`"])((?:(?!\1).)*)\1/s.exec(options)?.[2]
    const said = /\bretryable:\s*(true|false)\b/.exec(options)?.[1]
    const { retryable } = errorKinds[code as ErrorCode]
    return hint === undefined
      ? []
      : [[file, code, hint.replaceAll(/\$\{run\.id\}/g, 'run_1'), said === undefined ? retryable : said === 'true']]
  })
}

function optionsAt(source: string, start: number): string {
  let depth = 1
  let end = start
  for (; depth > 0 && end < source.length; end++) depth += source[end] === '{' ? 1 : source[end] === '}' ? -1 : 0
  return source.slice(start, end)
}

test('the hints of throwers are found', () => expect(thrown.length).toBeGreaterThan(15))

/** Who reads these speaks HTTP: no tool was reached. */
const beforeAnyTool = /admission|failed-authentications/

test.each(thrown)('%s, %s: %s', (file, code, hint, retryable) => {
  expect(hint).not.toMatch(retryable ? notAgain : sameAgain)
  if (beforeAnyTool.test(file)) return
  expect(hintFor('tool', { code, hint, retryAfterMs: 5_000 })).not.toMatch(http)
  expect(hintFor('chat', { code, hint, retryAfterMs: 5_000 })).not.toMatch(new RegExp(`${http.source}|idempotency`))
})

test('a manifest that has a key of its own is no reason to send another one', () => {
  const names = { idempotencyKey: 'idempotency_key_2', session: 'session_2', isGuarded: false }
  const hintOfCode = (code: ErrorCode, isGuarded: boolean) =>
    hintFor('tool', { code, hint: errorKinds[code].hint, names: { ...names, isGuarded } })
  expect(hintOfCode('run_cancelled', false)).toContain('a new idempotency_key_2')
  expect(hintOfCode('run_cancelled', true)).not.toContain('idempotency_key')
  expect(hintOfCode('session_required', false)).toMatch(/^Give session_2: .*open_session/)
})
