import { stripVTControlCharacters } from 'node:util'
import { expect, test } from '@jest/globals'
import { parseTraceparent } from '../../src/core/trace-context.ts'
import { humanLine } from '../../src/telemetry/human-line.ts'
import { callerParent, endedRun, memoryLog, open } from './fixtures.ts'

test('a run is one line, without its data', async () => {
  const log = memoryLog()
  const telemetry = await open({ logDestination: log.destination })
  telemetry.runEnded(endedRun)
  const error = { code: 'target_failed', status: 502, title: 'PLANTED', detail: 'PLANTED', hint: 'PLANTED', retryable: true }
  telemetry.runEnded({ ...endedRun, status: 'failed', effect: 'none', error })
  await telemetry.close()
  expect(log.records()).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      service: 'retrofit',
      pid: process.pid,
      runId: 'run_1',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      action: 'teller_transfer',
      bot: 'teller',
      status: 'completed',
      effect: 'committed',
      attempt: 2,
      durationMs: 750,
      msg: 'run ended'
    },
    expect.objectContaining({ level: 'warn', status: 'failed', code: 'target_failed' })
  ])
  expect(log.lines.join()).not.toContain('PLANTED')
  expect(log.lines.every(line => line.indexOf('\n') === line.length - 1)).toBe(true)
})

test('an error is logged without what a library hung on it', async () => {
  const log = memoryLog()
  const telemetry = await open({ logDestination: log.destination })
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  const error = Object.assign(new Error('READONLY', { cause }), { command: { name: 'set', args: ['PLANTED'] } })
  telemetry.log.error({ err: error }, 'no ledger')
  await telemetry.close()
  expect(log.records()[0]?.err).toMatchObject({ type: 'Error', message: 'READONLY', cause: { code: 'ECONNREFUSED' } })
  expect(log.lines.join()).not.toContain('PLANTED')
})

test('the level is kept', async () => {
  const log = memoryLog()
  const telemetry = await open({ logDestination: log.destination, logLevel: 'warn' })
  telemetry.runEnded(endedRun)
  telemetry.log.warn('seen')
  await telemetry.close()
  expect(log.records().map(({ msg }) => msg)).toEqual(['seen'])
})

test('a terminal gets a short line, and the stack below it', () => {
  const line = { level: 'warn', time: '2026-01-02T03:04:05.678Z', service: 'retrofit', pid: 1, runId: 'run_1', durationMs: 12, msg: 'slow' }
  expect(stripVTControlCharacters(humanLine(JSON.stringify(line)))).toBe('03:04:05 warn  slow  runId=run_1 durationMs=12\n')
  const failed = { ...line, runId: undefined, durationMs: undefined, err: { message: 'no', stack: 'Error: no\n    at a.ts:1' } }
  expect(stripVTControlCharacters(humanLine(JSON.stringify(failed)))).toBe(
    '03:04:05 warn  slow\n         Error: no\n             at a.ts:1\n'
  )
})

test('without a collector the trace goes on through: the parent where there is one, a new trace where not', async () => {
  const telemetry = await open()
  expect(telemetry.startSpan('x', { parent: callerParent }).traceparent).toBe(callerParent)
  const fresh = [telemetry.startSpan('x'), telemetry.startSpan('x', { parent: 'rubbish' })].map(span => span.traceparent)
  expect(fresh.map(parseTraceparent)).toEqual([expect.objectContaining({ sampled: true }), expect.objectContaining({ sampled: true })])
  expect(fresh[0]).not.toBe(fresh[1])
  await telemetry.close()
})
