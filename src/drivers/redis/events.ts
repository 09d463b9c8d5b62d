import type { Run, RunEvent } from '../../core/types.ts'
import type { Connection } from './connection.ts'

/** Every store listens on one channel, also to what it published itself. */
export async function listenForEvents(subscriber: Connection, channel: string) {
  const listeners = new Set<(event: RunEvent) => void>()
  subscriber.redis.on('message', (_channel, text) => {
    if (listeners.size > 0) tell(listeners, text)
  })
  await subscriber.send(redis => redis.subscribe(channel))
  return {
    watch(listener: (event: RunEvent) => void): () => void {
      // A wrapper of its own: the same listener may watch twice.
      const own = (event: RunEvent) => listener(event)
      listeners.add(own)
      return () => {
        listeners.delete(own)
      }
    }
  }
}

/** One line is the event; a second one is the row of a run that has ended, read only when somebody looks at it: most hear of others' runs. */
function read(text: string): RunEvent {
  const end = text.indexOf('\n')
  if (end === -1) return JSON.parse(text)
  let run: Run | undefined
  return {
    ...(JSON.parse(text.slice(0, end)) as RunEvent & { type: 'status' }),
    get run() {
      run ??= JSON.parse(text.slice(end + 1)) as Run
      return run
    }
  }
}

function tell(listeners: ReadonlySet<(event: RunEvent) => void>, text: string): void {
  const event = read(text)
  for (const listener of listeners) {
    try {
      listener(event)
    } catch {
      // One that fails must take neither the others nor the connection with it.
    }
  }
}
