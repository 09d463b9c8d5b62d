/** The first row of a run. */
import type { Callback } from './callback.ts'
import { publishGraceMs } from './run.ts'
import type { Action, Bot, Caller, Json, JsonObject, Run } from './types.ts'
import { withoutUndefined } from './without-undefined.ts'

export interface NewRun {
  readonly id: string
  readonly reference: string
  readonly caller: Caller
  readonly bot: Bot
  readonly action: Action
  readonly input: JsonObject
  readonly now: number
  readonly deadlineAt: number
  readonly traceparent: string
  readonly priority?: 'high' | undefined
  readonly retryOf?: string | undefined
  readonly session?: string | undefined
  readonly sessionValues?: Json | undefined
  readonly callbacks?: readonly Callback[] | undefined
}

export function newRun(from: NewRun): Run {
  const { caller, bot, action, now, deadlineAt } = from
  return withoutUndefined({
    id: from.id,
    revision: 1,
    tenant: caller.tenant,
    subject: caller.subject,
    clientId: caller.clientId,
    bot: bot.name,
    botDigest: bot.digest,
    botTenant: bot.tenant,
    action: action.name,
    actionEffect: action.effect,
    input: from.input,
    status: 'queued',
    effect: 'none',
    attempt: 0,
    reference: from.reference,
    createdAt: now,
    updatedAt: now,
    startBy: Math.min(now + action.timeouts.queueMs, deadlineAt),
    deadlineAt,
    notBefore: now,
    dueAt: Math.min(now + publishGraceMs, now + action.timeouts.queueMs, deadlineAt),
    probes: 0,
    ttlMs: action.idempotency.ttlMs,
    steps: [],
    artifacts: [],
    history: [{ at: now, status: 'queued', effect: 'none', attempt: 0 }],
    traceparent: from.traceparent,
    priority: from.priority,
    retryOf: from.retryOf,
    session: from.session,
    sessionValues: from.sessionValues,
    callbacks: from.callbacks
  })
}
