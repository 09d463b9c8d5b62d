import type { Parts } from './engine/parts.ts'
import { probeRecords } from './engine/probe-records.ts'

/** Read when somebody looks. */
export function addGauges({ telemetry, queue, catalog, adapters, store }: Parts): void {
  telemetry.gauge('retrofit_probe_disagrees', 'Actions whose probe was tried on a committed run: 1 where it does not agree', async () =>
    [...(await probeRecords(store.records)).values()].map(({ bot, action, agrees }) => [{ bot, action }, Number(agrees === false)] as const)
  )
  const depths = () => Promise.all(catalog.known().map(async ({ key }) => [key, await queue.depth(key)] as const))
  telemetry.gauge('retrofit_queue_depth', 'Messages that wait for a worker', async () =>
    (await depths()).map(([bot, { messages }]) => [{ bot }, messages] as const)
  )
  telemetry.gauge('retrofit_queue_age_milliseconds', 'Age of the oldest message that waits', async () =>
    (await depths()).flatMap(([bot, { oldestMs }]) => (oldestMs === undefined ? [] : [[{ bot }, oldestMs] as const]))
  )
  telemetry.gauge('retrofit_pool_size', 'What adapters keep open', async () =>
    Object.values(adapters).flatMap(({ name, stats }) =>
      Object.entries(stats?.() ?? {}).map(([kind, value]) => [{ adapter: name, kind }, value] as const)
    )
  )
}
