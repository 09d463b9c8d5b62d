/** `retryable`, hint and behaviour of every code say the same, on each surface in its own words. */
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
const again = /\btry again\b|\bthe same call\b|\bcall again\b|\bthen send this call\b|\band only then say\b|\bFree what\b/
const notAgain = /\bdo not (?:retry|repeat)|\bDo NOT repeat|\bdoes not help|\bDo not send it again/

const codes = Object.keys(errorKinds) as ErrorCode[]
const cases = codes
  .flatMap(code => [true, false].map(retryable => [code, retryable] as const))
  .filter(([code, retryable]) => {
    const { retryable: usual, otherwise } = errorKinds[code] as { retryable: boolean; otherwise?: string }
    return retryable === usual || otherwise !== undefined
  })

describe.each(cases)('%s, retryable: %s', (code, retryable) => {
  const error = new RetrofitError(code, { detail: 'It is so.', retryable, retryAfterMs: 5_000 })

  test('a run that ended with it frees its key when, and only when, it says that another try can help', () => {
    const run = fail(aRun(), runErrorOf(error), { now: 1 })
    expect(problemOfRun(run)).toMatchObject({ retryable, hint: hintOf(code, retryable) })
    expect(freesKey(run)).toBe(retryable)
  })

  test('its hint says the same', () => {
    if (retryable) expect(error.hint).toMatch(again)
    else if (code !== 'invalid_request' && code !== 'invalid_input')
      expect(error.hint.replace(/before you try again/, '')).not.toMatch(/\btry again|\bthe same call\b/)
    if (retryable) expect(error.hint).not.toMatch(notAgain)
    expect(problemText(problemOfError(error).problem)).toContain(retryable ? 'It can be tried again.' : 'Trying again does not help.')
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
