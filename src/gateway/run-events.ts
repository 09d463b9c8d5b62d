/** Server-Sent Events of one run: first the present state, then every change, then the end. */
import type { ServerResponse } from 'node:http'
import { hasEnded } from '../core/run.ts'
import type { Run, RunEvent, StepRecord } from '../core/types.ts'
import { type ActionOptions, waitFor } from './actions.ts'
import { type Exchange, goneSignal } from './exchange.ts'
import { runView, stepView } from './run-view.ts'

/** A reader that lets more than this pile up is cut off. */
const unreadBytes = 1_048_576

interface Stream {
  status(run: { readonly id: string; readonly status: string; readonly effect: string; readonly revision: number }): void
  step(step: StepRecord): void
  end(run: Run): void
  beat(): void
}

/** Wake-ups may be missed, so the run is also looked up at each heartbeat. */
export async function sendEvents(exchange: Exchange, first: Run, { engine, settings, leaving }: ActionOptions): Promise<void> {
  if (exchange.method === 'HEAD') {
    exchange.response.writeHead(200, { 'content-type': 'text/event-stream' }).end()
    return
  }
  const signal = goneSignal(exchange, leaving)
  const stream = openStream(exchange.response)
  const unwatch = engine.watch(first.id, event => tell(stream, event))
  try {
    let run = first
    stream.status(run)
    for (const step of run.steps) stream.step(step)
    while (!hasEnded(run) && !signal.aborted) {
      run = await waitFor(engine, run, { waitMs: settings.heartbeatMs, signal })
      if (hasEnded(run) || signal.aborted) break
      stream.status(run)
      stream.beat()
    }
    if (hasEnded(run)) stream.end(run)
  } finally {
    unwatch()
    exchange.response.end()
  }
}

function tell(stream: Stream, event: RunEvent): void {
  if (event.type === 'step') stream.step(event.step)
  else if (event.type === 'status') stream.status({ ...event, id: event.runId })
}

function openStream(response: ServerResponse): Stream {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
  response.flushHeaders()
  let revision = 0
  const steps = new Set<string>()
  const write = (text: string): void => {
    if (response.writableLength > unreadBytes) response.destroy()
    else response.write(text)
  }
  const send = (event: string, id: string, data: object): void => write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
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
