/** Server-Sent Events of one run: first the present state, then every change, then the end. */
import { hasEnded, isFinal } from '../core/run.ts'
import type { RunEvent } from '../core/run-event.ts'
import type { Run, StepRecord } from '../core/types.ts'
import type { ActionOptions } from './actions.ts'
import { eventText, farewell, openEventStream } from './event-stream.ts'
import { callerOf, type Exchange, goneSignal } from './exchange.ts'
import { runView, stepView } from './run-view.ts'

/** A reader that lets more than this pile up is cut off. */
const unreadBytes = 1_048_576

interface Stream {
  status(run: { readonly id: string; readonly status: string; readonly effect: string; readonly revision: number }): void
  step(step: StepRecord): void
  end(run: Run): void
  beat(): void
}

/** Wake-ups may be missed, so the run is also looked up at each heartbeat. A run whose outcome is unknown is followed until a probe or a person settles it. */
export async function sendEvents(exchange: Exchange, first: Run, options: ActionOptions): Promise<void> {
  if (exchange.method === 'HEAD') {
    exchange.response.writeHead(200, { 'content-type': 'text/event-stream' }).end()
    return
  }
  const { engine, settings } = options
  const signal = goneSignal(exchange, options)
  const release = await engine.stream(callerOf(exchange))
  const write = openEventStream(exchange.response, unreadBytes)
  const stream = openStream(write)
  const news = createNews()
  const unwatch = engine.watch(first.id, event => {
    tell(stream, event)
    if (event.type === 'status') news.hear(event.revision)
  })
  try {
    let run = first
    stream.status(run)
    for (const step of run.steps) stream.step(step)
    while (!isFinal(run) && !signal.aborted) {
      const wait = { waitMs: settings.heartbeatMs, signal }
      if (!hasEnded(run)) run = await engine.wait(run, wait)
      else if (await news.after(run.revision, wait)) run = await engine.find(callerOf(exchange), run.id)
      if (isFinal(run) || signal.aborted) break
      for (const step of run.steps) stream.step(step)
      stream.status(run)
      stream.beat()
    }
    if (signal.aborted) write(farewell(signal) ?? '')
    else if (isFinal(run)) stream.end(run)
  } finally {
    unwatch()
    release()
    exchange.response.end()
  }
}

interface News {
  hear(revision: number): void
  /** False when the signal aborted; otherwise it is time to look. */
  after(revision: number, wait: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<boolean>
}

function createNews(): News {
  let heard = 0
  let wake = (): void => undefined
  return {
    hear: revision => {
      heard = Math.max(heard, revision)
      wake()
    },
    async after(revision, { waitMs, signal }) {
      if (heard <= revision) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        const stop = () => resolve()
        const timer = setTimeout(stop, waitMs)
        signal.addEventListener('abort', stop)
        await promise
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
      }
      return !signal.aborted
    }
  }
}

function tell(stream: Stream, event: RunEvent): void {
  if (event.type === 'step') stream.step(event.step)
  else if (event.type === 'status') stream.status({ ...event, id: event.runId })
}

function openStream(write: (text: string) => void): Stream {
  let revision = 0
  const steps = new Set<string>()
  const send = (event: string, id: string, data: object): void => write(eventText(event, data, id))
  const step = (record: StepRecord): void => {
    const key = `${record.startedAt} ${record.name}`
    if (steps.has(key)) return
    steps.add(key)
    send('step', `${revision}.${steps.size}`, stepView(record))
  }
  const status: Stream['status'] = run => {
    if (run.revision <= revision) return
    revision = run.revision
    send('status', String(revision), { runId: run.id, status: run.status, effect: run.effect, revision })
  }
  return {
    status,
    step,
    end(run) {
      for (const record of run.steps) step(record)
      status(run)
      send('end', `${run.revision}.end`, runView(run))
    },
    beat: () => write(': still there\n\n')
  }
}
