import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel, ConsumeMessage } from 'amqplib'
import type { Delivery, Message } from '../../core/ports.ts'
import type { Refusals } from '../../core/refusals.ts'
import type { Slots } from '../../core/slots.ts'
import { decodeMessage, failuresOf } from './message.ts'

export interface DeliveryOptions {
  readonly handle: (delivery: Delivery) => Promise<void>
  readonly slots: Slots
  /** Ends waiting: what no handler has begun goes back. */
  readonly signal: AbortSignal
  /** Puts the message behind the others, with the number of its failures. */
  readonly again: (message: Message, failures: number) => Promise<void>
  readonly refuse: Refusals['refuse']
}

/** A handler that fails this often on one message gives it up; the ledger's sweep publishes the run again if it still waits. */
const failureLimit = 20
const pauseMs = 200
const maxPauseMs = 5000
/** Well below the broker's consumer timeout of 30 minutes, which would close the channel. */
const longestHoldMs = 15 * 60_000

/**
 * Takes one delivery to its end. `ack` is noted at once but sent when the handler ends: the broker counts what is not acked against the
 * prefetch, so it gives this consumer no message that would have to wait here while another consumer is free.
 */
export async function deliver(channel: Channel, raw: ConsumeMessage, options: DeliveryOptions): Promise<void> {
  const { handle, slots, signal, again, refuse } = options
  const settle = settleOnce(channel, raw)
  const message = decodeMessage(raw.content)
  if (message === undefined) {
    refuse('message', `a message in the queue ${raw.fields.routingKey} that names no run; it is among the dead letters`)
    return settle('dead')
  }
  if (!(await slots.take(signal))) return settle('requeue')
  let hold: NodeJS.Timeout | undefined
  const ack = async () => {
    hold ??= setTimeout(settle, longestHoldMs, 'ack').unref()
  }
  const failed = await handle({ message, ack })
    .then(
      () => false,
      () => hold === undefined
    )
    .finally(slots.free)
  clearTimeout(hold)
  return failed ? retry(raw, message, { settle, signal, again }) : settle('ack')
}

type Settle = (how: 'ack' | 'requeue' | 'dead') => void

async function retry(
  { properties }: ConsumeMessage,
  message: Message,
  { settle, signal, again }: Pick<DeliveryOptions, 'signal' | 'again'> & { settle: Settle }
): Promise<void> {
  const failures = failuresOf(properties.headers) + 1
  if (failures >= failureLimit) return settle('dead')
  await sleep(Math.min(pauseMs * 2 ** (failures - 1), maxPauseMs), undefined, { signal }).catch(() => {})
  await again(message, failures).then(
    () => settle('ack'),
    () => settle('requeue')
  )
}

/** Tied to the delivery's own channel: on one that is gone it does nothing, and the broker delivers again. */
function settleOnce(channel: Channel, raw: ConsumeMessage): Settle {
  let settled = false
  return how => {
    if (settled) return
    settled = true
    try {
      if (how === 'ack') channel.ack(raw)
      else channel.nack(raw, false, how === 'requeue')
    } catch {
      // The channel is closed.
    }
  }
}
