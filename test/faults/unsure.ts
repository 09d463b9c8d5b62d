/** "Done, but the caller was told time-out": some calls to a port do their work and reject all the same. */
import type { Queue } from '../../src/core/ports.ts'

async function doubt<T>(work: Promise<T>, share: number): Promise<T> {
  const value = await work
  if (Math.random() < share) throw new Error('time-out (a test says so; it was done)')
  return value
}

/** Every call that answers with a promise, also those of what the port holds (records, sessions, artifacts). The end is left alone. */
export function unsure<T extends object>(port: T, share: number): T {
  if (share === 0) return port
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member === 'object' && member !== null) return unsure(member, share)
      if (typeof member !== 'function' || name === 'close') return member
      return (...given: unknown[]) => {
        const result: unknown = member.apply(target, given)
        return result instanceof Promise ? doubt(result, share) : result
      }
    }
  })
}

/** And the acks. */
export function unsureQueue(queue: Queue, share: number): Queue {
  if (share === 0) return queue
  return unsure(
    {
      ...queue,
      consume: (handle, options) => queue.consume(delivery => handle({ ...delivery, ack: () => doubt(delivery.ack(), share) }), options)
    },
    share
  )
}
