import type { Consumer, Queue } from '../../core/ports.ts'
import type { Refusals } from '../../core/refusals.ts'
import { type Slots, slots } from '../../core/slots.ts'
import type { Link } from './link.ts'
import type { Publisher } from './publisher.ts'
import { openStation, type Station } from './station.ts'
import type { Topology } from './topology.ts'

export interface ConsumerOptions {
  readonly link: Link
  readonly topology: Topology
  readonly publisher: Publisher
  readonly handle: Parameters<Queue['consume']>[0]
  readonly concurrency: (bot: string) => number
  readonly refuse: Refusals['refuse']
}

export interface RabbitConsumer extends Consumer {
  /** What keeps a bot from being consumed just now. */
  problem(): Error | undefined
}

/** The protocol's field has 16 bits, and 0 would mean without limit. */
const toPrefetch = (concurrency: number) => Math.min(Math.max(Math.floor(concurrency), 1), 65_535)

export function openConsumer({ link, topology, publisher, handle, concurrency, refuse }: ConsumerOptions): RabbitConsumer {
  const stations = new Map<string, Station>()
  const places = new Map<string, Slots>()
  const leaving = new Set<Promise<void>>()
  let turn = Promise.resolve()
  let closed: Promise<void> | undefined

  const placesOf = (bot: string): Slots => {
    const known = places.get(bot) ?? slots(() => toPrefetch(concurrency(bot)))
    places.set(bot, known)
    return known
  }
  const open = (bot: string): Promise<void> => {
    const prefetch = toPrefetch(concurrency(bot))
    const station = openStation({ link, topology, bot, prefetch, handle, slots: placesOf(bot), again: publisher.publish, refuse })
    stations.set(bot, station)
    return station.started
  }
  const leave = ([bot, station]: readonly [string, Station]): Promise<void> => {
    stations.delete(bot)
    const ended = station.ended.finally(() => leaving.delete(ended))
    leaving.add(ended)
    return station.stop()
  }
  const change = async (bots: ReadonlySet<string>): Promise<void> => {
    // A changed limit needs another prefetch, and that another consumer.
    const stale = [...stations].filter(([bot, { prefetch }]) => !bots.has(bot) || prefetch !== toPrefetch(concurrency(bot)))
    await Promise.all(stale.map(leave))
    await Promise.all([...bots].filter(bot => !stations.has(bot)).map(open))
  }
  const serve = (bots: readonly string[]): Promise<void> => {
    const changed = turn.then(() => change(new Set(bots)))
    turn = changed.catch(() => {})
    return changed
  }
  return {
    problem: () => [...stations.values()].find(({ problem }) => problem)?.problem,
    async serve(bots) {
      if (closed) throw new Error('The consumer is closed')
      await serve(bots)
    },
    close() {
      closed ??= serve([])
        .then(() => Promise.all(leaving))
        .then(() => {})
      return closed
    }
  }
}
