/** "Done, but the caller was told time-out": some calls to a port do their work and reject all the same. */
import type { Queue, Store } from '../../src/core/ports.ts'

type Doubt = <T>(work: Promise<T>) => Promise<T>

const doubtOf =
  (share: number): Doubt =>
  async work => {
    const value = await work
    if (Math.random() < share) throw new Error('time-out (a test says so; it was done)')
    return value
  }

export function unsureStore(store: Store, share: number): Store {
  if (share === 0) return store
  const doubt = doubtOf(share)
  return {
    ...store,
    createRun: (run, gate) => doubt(store.createRun(run, gate)),
    getRun: id => doubt(store.getRun(id)),
    updateRun: next => doubt(store.updateRun(next)),
    dueRuns: (now, limit) => doubt(store.dueRuns(now, limit)),
    acquireSlot: slot => doubt(store.acquireSlot(slot)),
    releaseSlot: slot => doubt(store.releaseSlot(slot))
  }
}

export function unsureQueue(queue: Queue, share: number): Queue {
  if (share === 0) return queue
  const doubt = doubtOf(share)
  return {
    ...queue,
    publish: message => doubt(queue.publish(message)),
    consume: (handle, options) => queue.consume(delivery => handle({ ...delivery, ack: () => doubt(delivery.ack()) }), options)
  }
}
