/** A read is one by its manifest alone: an address with an input in it may have changed something. */
import { describe, expect, test } from '@jest/globals'
import { type ErrorCode, RetrofitError } from '../../src/core/errors.ts'
import { readHints } from '../../src/core/read-hints.ts'
import type { Run } from '../../src/core/types.ts'
import { runErrorOf } from '../../src/engine/outcome.ts'
import { problemOfRun } from '../../src/gateway/problem.ts'
import { problemText } from '../../src/gateway/run-text.ts'

const claim = /[Nn]othing (was|is|has been) (changed|done)|before anything was done/
const runOf = (code: ErrorCode, more: object): Run => {
  const status = code === 'run_cancelled' ? 'cancelled' : 'failed'
  return {
    id: 'run_1',
    status,
    effect: 'none',
    attempt: 1,
    error: runErrorOf(new RetrofitError(code, { detail: 'It failed' })),
    ...more
  } as unknown as Run
}
const textOf = (run: Run): string => {
  const problem = problemOfRun(run)
  return problem === undefined ? '' : problemText(problem)
}

describe.each(Object.keys(readHints) as ErrorCode[])('%s', code => {
  test('of a read that has begun claims nothing', () => {
    const text = textOf(runOf(code, { actionEffect: 'read' }))
    expect(text).toContain('declared a read')
    expect(text).not.toMatch(claim)
  })
  test('of a read that never began, and of a write, says what is known', () => {
    expect(textOf(runOf(code, { actionEffect: 'read', attempt: 0 }))).toMatch(claim)
    expect(textOf(runOf(code, { actionEffect: 'write' }))).toMatch(claim)
  })
})

test('a hint that an action wrote stays', () => {
  const error = { ...runErrorOf(new RetrofitError('target_failed', { detail: 'x' })), hint: 'Ask Ann.' }
  expect(problemOfRun(runOf('target_failed', { actionEffect: 'read', error }))?.hint).toBe('Ask Ann.')
})
