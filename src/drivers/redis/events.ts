import type { Refusals } from '../../core/refusals.ts'
import type { RunEvent } from '../../core/run-event.ts'
import type { Connection } from './connection.ts'
import type { EventTexts } from './event-text.ts'

export interface Listening {
  readonly channel: string
  readonly texts: EventTexts
  readonly refuse: Refusals['refuse']
}

/** Every store listens on one channel, also to what it published itself. */
export async function listenForEvents(subscriber: Connection, { channel, texts, refuse }: Listening) {
  const listeners = new Set<(event: RunEvent) => void>()
  subscriber.redis.on('message', (_channel, text) => {
    if (listeners.size === 0) return
    const event = texts.read(text)
    if (event === undefined) refuse('event', `a message on the channel ${channel} that no process of this installation has sent`)
    else tell(listeners, event)
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

function tell(listeners: ReadonlySet<(event: RunEvent) => void>, event: RunEvent): void {
  for (const listener of listeners) {
    try {
      listener(event)
    } catch {
      // One that fails must take neither the others nor the connection with it.
    }
  }
}
