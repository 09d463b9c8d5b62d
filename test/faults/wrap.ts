/** Ports and adapters that pass the named moments on their way; behind them is the product's own code. */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { Adapter, Call } from '../../src/core/adapter.ts'
import type { Queue, Store } from '../../src/core/ports.ts'
import type { Run } from '../../src/core/types.ts'
import { isArmed, reach } from './crash-points.ts'
import type { Moment } from './moments.ts'

/** Longer than a 202 takes to leave. */
const answerMs = 150
const waitingMs = 60

export function storeWithMoments(store: Store): Store {
  const passing = passingOf()
  return {
    ...store,
    async createRun(run, gate) {
      reach('A1')
      const creating = store.createRun(run, gate)
      await sent('A2')
      const created = await creating
      reach('A3')
      if (isArmed('G1')) setTimeout(() => reach('G1'), waitingMs)
      return created
    },
    async updateRun(next) {
      const { before, after } = passing(next)
      const updating = store.updateRun(next)
      if (before !== undefined) await sent(before, next.id)
      const written = await updating
      if (written && after !== undefined) reach(after, next.id)
      return written
    }
  }
}

/** What was handed to a driver is on its way after a turn of the event loop, and not answered yet. */
async function sent(moment: Moment, runId?: string): Promise<void> {
  if (!isArmed(moment)) return
  await turn()
  reach(moment, runId)
}

interface Passing {
  readonly before?: Moment
  readonly after?: Moment
}

/** Which moments lie before and after a write, told from what it changes. */
function passingOf(): (next: Run) => Passing {
  const probing = new Set<string>()
  return next => {
    const last = next.history.at(-1)
    if (next.lease !== undefined && next.probes > 0 && !probing.has(`${next.id}/${next.probes}`)) {
      probing.add(`${next.id}/${next.probes}`)
      return { after: 'R1' }
    }
    if (last === undefined || last.at !== next.updatedAt) return {}
    if (last.note === 'commit point') return { before: 'W7' }
    if (next.resolvedBy !== undefined) return { after: 'H1' }
    if (next.status === 'completed') return { after: 'W12' }
    return next.status === 'working' && last.note === undefined && next.effect === 'none' ? { after: 'W2' } : {}
  }
}

export function queueWithMoments(queue: Queue): Queue {
  return {
    ...queue,
    async publish(message) {
      if (isArmed('A4')) await sleep(answerMs)
      reach('A4')
      const publishing = queue.publish(message)
      await sent('A5')
      await publishing
      reach('A6')
    },
    consume: (handle, options) =>
      queue.consume(async delivery => {
        const { runId } = delivery.message
        reach('W1', runId)
        let claimed = false
        await handle({
          ...delivery,
          ack: async () => {
            claimed = true
            await delivery.ack()
            reach('W3', runId)
          }
        })
        // A message that came twice ends too, while the run may be anywhere.
        if (claimed) reach('W13', runId)
      }, options)
  }
}

export function adapterWithMoments(adapter: Adapter): Adapter {
  const { probe } = adapter
  return {
    ...adapter,
    run: async call => {
      const output = await adapter.run(callWithMoments(call))
      reach('W11', call.run.id)
      return output
    },
    ...(probe && {
      probe: async (call: Call) => {
        reach('R2', call.run.id)
        const result = await probe(call)
        reach('R3', call.run.id)
        return result
      }
    })
  }
}

const committing = /^(send|commit)$|Confirm transfer/

function callWithMoments(call: Call): Call {
  let steps = 0
  return withMembers(call, {
    commit: async sent => {
      reach('W6', call.run.id)
      await call.commit(sent)
      reach('W8', call.run.id)
    },
    step: (name, work) =>
      call.step(name, async () => {
        if (steps++ === 0) reach('W4', call.run.id)
        if (committing.test(name)) reach('W5', call.run.id)
        const result = await work()
        // The echo adapter is its own target: its effect is in the ledger when its step ends.
        if (name === 'commit') reach('W10', call.run.id)
        return result
      })
  })
}

/** The same call with some members of its own; what others may copy from it or inherit from it they get. */
export function withMembers(call: Call, members: Partial<Call>): Call {
  return new Proxy(call, { get: (target, name) => Reflect.get(Object.hasOwn(members, name) ? members : target, name) })
}
