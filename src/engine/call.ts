/** The `Call` that an adapter gets: the fence, steps with spans, files, redaction. */
import { type Answered, type Call, largestArtifactMiB } from '../core/adapter.ts'
import { botKey } from '../core/bot-key.ts'
import { FenceLost, RetrofitError } from '../core/errors.ts'
import { attach, crossCommit } from '../core/run.ts'
import type { Json, JsonObject, StepRecord } from '../core/types.ts'
import { createRedactor } from '../governance/redact.ts'
import { sensitiveTexts } from '../governance/sensitive.ts'
import type { Span } from '../telemetry/telemetry.ts'
import { createConcealing } from './concealing.ts'
import { seenAt, type UsableCredentials } from './credentials-of.ts'
import type { Work } from './execute.ts'
import { hideEnvironment } from './hide-environment.ts'
import { type Holding, Stopped } from './holding.ts'
import { notePartial, type Partials } from './note-partial.ts'
import { technicalErrorOf } from './outcome.ts'
import { mostOf, overQuota } from './quotas.ts'
import { sessionOf } from './session-use.ts'

/** The work that a call is opened on. A look at a run that has ended holds no lease. */
export interface CallWork extends Pick<Work, 'parts' | 'bot' | 'action' | 'screen'> {
  readonly holding: Pick<Holding, 'run' | 'signal' | 'advance' | 'lease' | 'stop'>
  /** Beside those that the action marks. */
  readonly sensitive?: readonly string[] | undefined
  /** Absent: files are kept with the run. */
  readonly files?: 'dropped' | undefined
}

export interface OpenCall extends Call, Partials {
  readonly records: readonly StepRecord[]
  /** Undefined until the adapter says that the target has answered. */
  answer(): Answered | undefined
  /** Whether what leaves holds a credential's value, also encoded. */
  holdsSecret(value: Json): boolean
  /** The attempt is over: no step begins, and no `commit()` lets anything through any more, also not one whose answer is still to come. */
  close(): void
}

interface Opening {
  /** The span of the attempt. */
  readonly root: Span
  readonly credentials: UsableCredentials
  readonly input: JsonObject
  /** False for probes. */
  readonly mayCommit: boolean
}

export function openCall(work: CallWork, options: Opening): OpenCall {
  const { bot, action, holding } = work
  const { credentials, input, root } = options
  const { id, reference, attempt, tenant } = holding.run
  const session = sessionOf(work.parts, holding.run)
  const sensitive = [...sensitiveOf(work, options), ...session.sensitive]
  const { redact, isIn, conceal } = createConcealing({ redact: redactorOf(bot, sensitive), isIn: credentials.isIn })
  const tracer = new StepTracer(work, root, redact)
  let [committed, closed] = [holding.run.effect !== 'none' && !options.mayCommit, false]
  return {
    steps: action.steps,
    bot: { name: bot.name, key: botKey(bot.name, bot.tenant), digest: bot.digest },
    action: action.name,
    target: bot.target,
    run: { id, reference, attempt, tenant },
    input,
    session: session.values,
    ...(work.screen === undefined ? {} : { screen: { id: work.screen.id, use: work.screen.use } }),
    credentials: credentials.values,
    credentialOrigins: credentials.origins,
    credentialsAt: seenAt(credentials, bot),
    signal: holding.signal,
    deadlineAt: holding.run.deadlineAt,
    evidence: action.evidence,
    sensitive,
    redact,
    conceal,
    records: tracer.records,
    holdsSecret: isIn,
    ...notePartial(redact),
    ...keepingAnswer(),
    get committed() {
      return committed
    },
    commit: async sent => {
      if (!options.mayCommit || committed) throw new Error(`${action.name}: commit() may be called once in an attempt, never in a probe`)
      await cross(work, action.evidence === 'none' ? undefined : sent)
      if (closed) throw new Error(`${action.name}: the attempt was over before commit() had its answer`)
      committed = true
    },
    close: () => {
      closed = true
    },
    step: async (name, run) => {
      if (closed) throw new Error(`${action.name}: the attempt was over before the step "${name}"`)
      return tracer.step(name, run)
    },
    exchange: (name, attributes, run) => tracer.exchange(name, attributes, run),
    attach: (name, content, mediaType) => attachFile(work, { name, content, mediaType })
  }
}

function keepingAnswer(): Pick<OpenCall, 'answer' | 'answered'> {
  let last: Answered | undefined
  return {
    answer: () => last,
    answered: answer => {
      last = answer
    }
  }
}

const sensitiveOf = ({ action, sensitive = [] }: CallWork, { credentials, input }: Opening): readonly string[] => [
  ...Object.values(credentials.values),
  ...sensitiveTexts(action.input, input),
  ...sensitive
]

/** Takes sensitive values and those of the bot's environment out of a text. */
function redactorOf(bot: Work['bot'], sensitive: readonly string[]): (text: string) => string {
  const [clean, hidden] = [createRedactor(sensitive), hideEnvironment(bot.target.env)]
  return text => hidden(clean(text))
}

/** Durable before it returns; and not late: a worker that was paused past its lease must not go on. */
async function cross({ action, holding, parts }: CallWork, text: string | undefined): Promise<void> {
  holding.signal.throwIfAborted()
  const sent = text === undefined ? undefined : sentFile(holding.run.attempt, text)
  // Handed over together with the marker: one fsync for both.
  const keeping =
    sent === undefined
      ? undefined
      : parts.store.artifacts.put(holding.run.id, sent.name, sent, { tenant: holding.run.tenant, mostBytes: Number.POSITIVE_INFINITY })
  keeping?.catch(() => undefined)
  await holding.advance(run => {
    if (run.cancelRequested) throw new Stopped('cancelled')
    const file = sent && { name: sent.name, mediaType: sent.mediaType, bytes: sent.content.byteLength }
    return crossCommit(run, { ...holding.lease(), again: action.rerun !== undefined, sent: file })
  })
  await keeping
  holding.signal.throwIfAborted()
  if ((holding.run.lease?.until ?? 0) <= parts.store.now()) {
    holding.stop('fence_lost')
    throw new FenceLost(holding.run.id)
  }
}

const sentBytes = 16_384

const sentFile = (attempt: number, text: string) => ({
  name: `request-${attempt}.txt`,
  mediaType: 'text/plain; charset=utf-8',
  content: Buffer.from(text).subarray(0, sentBytes)
})

interface AttachedFile {
  readonly name: string
  readonly content: Uint8Array
  readonly mediaType: string
}

async function attachFile(work: CallWork, file: AttachedFile): Promise<void> {
  if (file.content.byteLength > largestArtifactMiB * 1024 * 1024)
    throw new RetrofitError('target_failed', { detail: `the file ${file.name} has more than ${largestArtifactMiB} MiB`, retryable: false })
  await keep(work, file)
}

/** After the commit point the evidence matters more than the quota. */
async function keep({ parts, holding, files }: CallWork, file: AttachedFile): Promise<void> {
  if (files === 'dropped') return
  const name =
    file.name
      .replaceAll(/[^A-Za-z0-9._-]/g, '_')
      .replace(/^\.+/, '_')
      .slice(0, 100) || 'file'
  const { id, tenant, effect } = holding.run
  const mostBytes = effect === 'none' ? mostOf(parts.settings, 'storedBytes') : Number.POSITIVE_INFINITY
  if (!(await parts.store.artifacts.put(id, name, file, { tenant, mostBytes }))) throw overQuota(parts.settings, 'storedBytes')
  await holding.advance((run, now) => attach(run, { name, mediaType: file.mediaType, bytes: file.content.byteLength }, now))
}

const whyChars = 300

/** Steps and exchanges of one attempt; each opens a span below the one that is open. */
class StepTracer {
  readonly records: StepRecord[] = []
  private readonly work: CallWork
  private readonly open: Span[]
  private readonly redact: (text: string) => string

  constructor(work: CallWork, root: Span, redact: (text: string) => string) {
    this.work = work
    this.redact = redact
    this.open = [root]
  }

  async step<T>(name: string, run: () => Promise<T>): Promise<T> {
    this.work.holding.signal.throwIfAborted()
    const startedAt = this.work.parts.store.now()
    const begun = performance.now()
    let error: string | undefined
    try {
      return await this.spanned(name, 'internal', {}, run)
    } catch (problem) {
      error = technicalErrorOf(problem, this.redact).detail.slice(0, whyChars)
      throw problem
    } finally {
      const durationMs = performance.now() - begun
      const ok = error === undefined
      this.record({ name, startedAt, durationMs: Math.round(durationMs * 100) / 100, ok, ...(!ok && { error }) })
      this.work.parts.telemetry.hop('step', durationMs, { action: this.work.action.name })
    }
  }

  async exchange<T>(name: string, attributes: Readonly<Record<string, string | number>>, run: () => Promise<T>): Promise<T> {
    const begun = performance.now()
    try {
      return await this.spanned(name, 'client', attributes, run)
    } finally {
      this.work.parts.telemetry.hop('exchange', performance.now() - begun, { action: this.work.action.name })
    }
  }

  private async spanned<T>(
    name: string,
    kind: 'internal' | 'client',
    attributes: Readonly<Record<string, string | number>>,
    run: () => Promise<T>
  ): Promise<T> {
    const parent = this.open.at(-1)?.traceparent
    const span = this.work.parts.telemetry.startSpan(name, { parent, kind, attributes })
    this.open.push(span)
    try {
      return await run()
    } catch (error) {
      span.fail(error)
      throw error
    } finally {
      span.end()
      this.open.splice(this.open.indexOf(span), 1)
    }
  }

  private record(step: StepRecord): void {
    const { parts, holding } = this.work
    this.records.push(step)
    parts.store.emit({ type: 'step', runId: holding.run.id, step })
  }
}
