/** A caller who is patient and honest: the same key for every try of one intention. */
import { setTimeout as sleep } from 'node:timers/promises'
import { patienceMs } from '../setup/until.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // The tests know what they asked for.
  readonly body: Readonly<Record<string, unknown>>
  readonly runId: string | undefined
}

export interface RunView {
  readonly runId: string
  readonly action: string
  readonly status: string
  readonly effect: string
  readonly attempt: number
  readonly reference: string
  readonly botDigest: string
  readonly traceId: string
  /** The run that it does again. */
  readonly retryOf?: string
  readonly output?: unknown
  readonly error?: { readonly code: string; readonly detail: string }
  readonly artifacts: readonly { readonly name: string; readonly href: string }[]
  readonly history: readonly { readonly status: string; readonly effect: string; readonly note?: string }[]
}

export interface CallOptions {
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  /** How long this caller waits for its answer, in milliseconds. */
  readonly patienceMs?: number
}

export interface Client {
  request(method: string, path: string, options?: { body?: string; headers?: Record<string, string>; patienceMs?: number }): Promise<Answer>
  call(action: string, input: object, options?: CallOptions): Promise<Answer>
  run(runId: string): Promise<RunView>
  /** Waits for the run's end, over lost connections too. */
  ended(runId: string, waitMs?: number): Promise<RunView>
  runs(): Promise<readonly RunView[]>
  putBot(name: string, source: string): Promise<Answer>
}

const endedStatuses = new Set(['completed', 'failed', 'cancelled', 'outcome_unknown'])
export const hasEnded = ({ status }: Pick<RunView, 'status'>): boolean => endedStatuses.has(status)

/** `address` is asked each time: a program that was started again listens elsewhere. */
export function createClient(address: () => string, apiKey: string): Client {
  const request: Client['request'] = async (method, path, { body, headers = {}, patienceMs = 40_000 } = {}) => {
    const answer = await fetch(address() + path, {
      method,
      signal: AbortSignal.timeout(patienceMs),
      headers: { authorization: `Bearer ${apiKey}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body })
    })
    const text = await answer.text()
    const json = /json/.test(answer.headers.get('content-type') ?? '')
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: json ? JSON.parse(text) : {},
      runId: answer.headers.get('run-id') ?? undefined
    }
  }
  const run: Client['run'] = async runId => {
    const answer = await request('GET', `/v1/runs/${runId}`)
    if (answer.status !== 200) throw new Error(`GET run ${runId}: ${answer.status} ${answer.text}`)
    return answer.body as unknown as RunView
  }
  return {
    request,
    call: (action, input, { key, headers, patienceMs } = {}) =>
      request('POST', `/v1/actions/${action}`, {
        body: JSON.stringify(input),
        headers: { ...(key === undefined ? {} : { 'idempotency-key': `"${key}"` }), ...headers },
        ...(patienceMs === undefined ? {} : { patienceMs })
      }),
    run,
    ended: (runId, waitMs = patienceMs) => untilEnded(() => run(runId), waitMs),
    runs: () => allRuns(request, run),
    putBot: (name, source) => request('PUT', `/v1/bots/${name}`, { body: source, headers: { 'content-type': 'application/yaml' } })
  }
}

async function untilEnded(look: () => Promise<RunView>, waitMs: number): Promise<RunView> {
  const until = Date.now() + waitMs
  for (;;) {
    const seen = await look().catch((error: Error) => error)
    if (!Error.isError(seen) && hasEnded(seen)) return seen
    if (Date.now() > until) throw new Error(`no end within ${waitMs} ms: ${Error.isError(seen) ? seen : JSON.stringify(seen)}`)
    await sleep(100)
  }
}

async function allRuns(request: Client['request'], run: Client['run']): Promise<readonly RunView[]> {
  const found: RunView[] = []
  for (let cursor = ''; ; ) {
    const { body } = await request('GET', `/v1/runs?limit=100${cursor}`)
    const { runs, next } = body as { runs: readonly { runId: string }[]; next: string | null }
    found.push(...(await Promise.all(runs.map(({ runId }) => run(runId)))))
    if (next === null) return found
    cursor = `&cursor=${next}`
  }
}

/** Asks again, with the same key, while nobody answers or the answer is "not now"; gives up after `waitMs`. */
export async function callUntilAnswered(call: () => Promise<Answer>, waitMs = patienceMs): Promise<Answer> {
  const until = Date.now() + waitMs
  for (;;) {
    const answer = await call().catch((error: Error) => error)
    const settled = !Error.isError(answer) && answer.status !== 202 && answer.status !== 503 && answer.status !== 429
    if (settled) return answer
    if (Date.now() > until) throw Error.isError(answer) ? answer : new Error(`still ${answer.status}: ${answer.text}`)
    await sleep(150)
  }
}
