import { describe, expect, test } from '@jest/globals'
import { endedRun, memoryLog, open } from './fixtures.ts'
import { parsePrometheus } from './prometheus-text.ts'

describe('the Prometheus text', () => {
  test('is valid, with a HELP and a TYPE each and nothing twice', async () => {
    const telemetry = await open()
    telemetry.runEnded(endedRun)
    telemetry.runEnded({ ...endedRun, status: 'failed', effect: 'none' })
    telemetry.hop('queue', 3)
    telemetry.gauge('retrofit_pool_size', 'What the adapters keep.', async () => [[{ adapter: 'playwright', kind: 'pages' }, 3]])
    const families = parsePrometheus(await telemetry.metricsText())
    await telemetry.close()
    expect([...families].map(([name, { type }]) => [name, type])).toEqual(
      expect.arrayContaining([
        ['retrofit_runs_total', 'counter'],
        ['retrofit_effects_total', 'counter'],
        ['retrofit_hop_duration_milliseconds', 'histogram'],
        ['retrofit_pool_size', 'gauge'],
        ['retrofit_event_loop_lag_milliseconds', 'gauge'],
        ['retrofit_event_loop_utilization', 'gauge'],
        ['retrofit_memory_bytes', 'gauge']
      ])
    )
    expect(families.get('retrofit_runs_total')?.samples.map(({ labels, value }) => [labels, value])).toEqual([
      [{ action: 'teller_transfer', status: 'completed', effect: 'committed' }, 1],
      [{ action: 'teller_transfer', status: 'failed', effect: 'none' }, 1]
    ])
    expect(families.get('retrofit_pool_size')?.samples).toEqual([
      { name: 'retrofit_pool_size', labels: { adapter: 'playwright', kind: 'pages' }, value: 3 }
    ])
  })

  test('buckets go from one millisecond to a minute and add up', async () => {
    const telemetry = await open()
    for (const durationMs of [0.4, 30, 70_000]) telemetry.hop('step', durationMs)
    const { samples = [] } = parsePrometheus(await telemetry.metricsText()).get('retrofit_hop_duration_milliseconds') ?? {}
    await telemetry.close()
    const buckets = samples.filter(({ name }) => name.endsWith('_bucket')).map(({ labels, value }) => [labels.le, value])
    expect(buckets.at(0)).toEqual(['1', 1])
    expect(buckets.at(-2)).toEqual(['60000', 2])
    expect(buckets.at(-1)).toEqual(['+Inf', 3])
    expect(samples.find(({ name }) => name.endsWith('_count'))?.value).toBe(3)
  })

  test('labels are escaped', async () => {
    const telemetry = await open()
    const bot = 'a"b\\c\nd{},='
    telemetry.gauge('retrofit_queue_depth', 'Runs that\nwait.', async () => [[{ bot }, 1]])
    const families = parsePrometheus(await telemetry.metricsText())
    await telemetry.close()
    expect(families.get('retrofit_queue_depth')?.samples[0]?.labels).toEqual({ bot })
  })

  test('a gauge named twice is one, and one that fails leaves the others alone', async () => {
    const log = memoryLog()
    const telemetry = await open({ logDestination: log.destination })
    telemetry.gauge('retrofit_queue_depth', 'Runs that wait.', async () => [[{ bot: 'teller' }, 1]])
    telemetry.gauge('retrofit_queue_depth', 'Said otherwise.', async () => [[{ bot: 'corebank' }, 2]])
    telemetry.gauge('retrofit_broken', 'Fails.', () => Promise.reject(new Error('no connection')))
    for (let scrape = 0; scrape < 3; scrape++) parsePrometheus(await telemetry.metricsText())
    const families = parsePrometheus(await telemetry.metricsText())
    await telemetry.close()
    expect(families.get('retrofit_queue_depth')?.samples.map(({ value }) => value)).toEqual([1, 2])
    expect(log.records().map(({ msg }) => msg)).toEqual(['the gauge retrofit_broken could not be read'])
  })

  test('a gauge that does not answer is left out, and the text still comes', async () => {
    const log = memoryLog()
    const telemetry = await open({ logDestination: log.destination })
    telemetry.gauge('retrofit_hung', 'Hangs.', () => new Promise(() => {}))
    telemetry.runEnded(endedRun)
    const families = parsePrometheus(await telemetry.metricsText())
    await telemetry.close()
    expect(families.has('retrofit_hung')).toBe(false)
    expect(families.get('retrofit_runs_total')?.samples).toHaveLength(1)
    expect(log.records().map(({ msg }) => msg)).toEqual(['run ended', 'a gauge did not answer in time'])
  })

  test('a hop keeps only labels that have few values, and a flood of values ends in one series', async () => {
    const telemetry = await open()
    telemetry.hop('request', 1, { action: 'teller_transfer', runId: 'run_1', 'retrofit.run_id': 'run_1' })
    for (let i = 0; i < 5_000; i++) telemetry.hop('request', 1, { action: `made_up_${i}` })
    const { samples = [] } = parsePrometheus(await telemetry.metricsText()).get('retrofit_hop_duration_milliseconds') ?? {}
    await telemetry.close()
    const counts = samples.filter(({ name }) => name.endsWith('_count'))
    expect(counts[0]?.labels).toEqual({ hop: 'request', action: 'teller_transfer' })
    expect(counts.length).toBeLessThanOrEqual(1_001)
    expect(counts.reduce((sum, { value }) => sum + value, 0)).toBe(5_001)
  })
})

test.each([
  ['no line feed', 'a 1'],
  ['a sample of nothing', 'a 1\n'],
  ['a series twice', '# HELP a x\n# TYPE a gauge\na 1\na 2\n'],
  ['a family twice', '# HELP a x\n# TYPE a gauge\n# HELP a x\n# TYPE a gauge\n'],
  ['a label that is not escaped', '# HELP a x\n# TYPE a gauge\na{b="c"d"} 1\n']
])('the reader of these tests is strict: %s', (_, text) => {
  expect(() => parsePrometheus(text)).toThrow()
})
