/** Beyond 2^31-1 ms, some 24 days, a timer of Node fires at once. */
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { longTimer, timeoutSignal } from '../../src/core/long-timer.ts'
import { openGateway } from '../gateway/open-gateway.ts'
import { load } from '../manifest/manifests.ts'

const day = 86_400_000

describe('a timer', () => {
  afterEach(() => void jest.useRealTimers())

  test.each([0, 1, 24.8 * day, 2 ** 31 - 1, 2 ** 31, 30 * day, 400 * day])('of %d ms fires when it is over, once', ms => {
    jest.useFakeTimers()
    let fired = 0
    longTimer(() => void fired++, ms)
    jest.advanceTimersByTime(Math.max(0, ms - 1))
    expect(fired).toBe(ms === 0 ? 1 : 0)
    jest.advanceTimersByTime(1)
    expect(fired).toBe(1)
    jest.advanceTimersByTime(60 * day)
    expect(fired).toBe(1)
  })

  test('that is cleared between its pieces does not fire', () => {
    jest.useFakeTimers()
    let fired = 0
    const timer = longTimer(() => void fired++, 30 * day)
    jest.advanceTimersByTime(26 * day)
    timer.clear()
    jest.advanceTimersByTime(60 * day)
    expect(fired).toBe(0)
  })

  test('of a signal may be as long', async () => {
    const signals = [30 * day, 400 * day, Number.MAX_SAFE_INTEGER].map(timeoutSignal)
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false])
  })
})

const patient = `
bot: patient
version: 1.0.0
title: Patient
adapter: echo
target: { url: http://127.0.0.1:9 }
actions:
  ask:
    title: Ask
    description: Answers after a moment.
    effect: read
    scopes: [patient:read]
    input: { type: object }
    output: { type: object }
    delay: 50ms
    timeouts: { queue: 40d, run: 30d }
    retry: { attempts: 1 }
    idempotency: { ttl: 36500d }
`

test('an attempt that may take thirty days is not over at once', async () => {
  const gateway = await openGateway({ manifests: [patient] })
  const answer = await gateway.call('/v1/actions/patient_ask', {
    body: {},
    headers: { 'x-request-timeout': '86400000', prefer: 'wait=9999999' }
  })
  expect([answer.status, answer.json]).toEqual([200, {}])
  const run = await gateway.call(`/v1/runs/${answer.headers.get('run-id')}?wait=300`)
  expect([run.status, run.json.status]).toEqual([200, 'completed'])
  await gateway.close()
})

test('a duration that leads beyond all dates is a mistake of the manifest', async () => {
  const { bot, issues } = await load(patient.replace('run: 30d', 'run: 999999999d').replace('bot: patient', 'bot: echo'))
  expect(bot).toBeUndefined()
  expect(issues.map(({ message }) => message).join()).toContain('is longer than a hundred years')
})
