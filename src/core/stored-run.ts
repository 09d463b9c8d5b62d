/** Whether what a ledger or a channel holds is what this program writes there: others may have written to it. */
import { jsonOf } from './json-text.ts'
import type { RunEvent } from './run-event.ts'
import { isObject } from './schema-at.ts'
import type { Json, JsonObject, Run, RunEffect, RunStatus } from './types.ts'

const statuses: Readonly<Record<RunStatus, true>> = {
  queued: true,
  working: true,
  input_required: true,
  completed: true,
  failed: true,
  cancelled: true,
  outcome_unknown: true
}
const effects: Readonly<Record<RunEffect, true>> = { none: true, unknown: true, committed: true }

type Test = (value: Json | undefined) => boolean

const text: Test = value => typeof value === 'string'
const number: Test = value => typeof value === 'number'
const count: Test = value => Number.isSafeInteger(value)
const list: Test = value => Array.isArray(value)
const optional =
  (test: Test): Test =>
  value =>
    value === undefined || test(value)
const objectOf =
  (members: Readonly<Record<string, Test>>): Test =>
  value =>
    isObject(value) && Object.entries(members).every(([name, test]) => test(value[name]))
const listOf =
  (test: Test): Test =>
  value =>
    Array.isArray(value) && value.every(test)
const oneOf =
  (names: object): Test =>
  value =>
    typeof value === 'string' && Object.hasOwn(names, value)

const state = { status: oneOf(statuses), effect: oneOf(effects) }
const step = objectOf({
  name: text,
  startedAt: number,
  durationMs: number,
  ok: value => typeof value === 'boolean',
  artifact: optional(text)
})

const callback = objectOf({
  number: count,
  clientId: text,
  address: value => typeof value === 'string' && URL.canParse(value),
  proof: text,
  state: text,
  since: optional(number),
  nextAt: optional(number),
  tries: count,
  log: list
})

const run = objectOf({
  ...state,
  id: text,
  revision: count,
  tenant: text,
  subject: text,
  clientId: text,
  bot: text,
  botDigest: text,
  botTenant: optional(text),
  action: text,
  attempt: count,
  reference: text,
  createdAt: number,
  updatedAt: number,
  startBy: number,
  deadlineAt: number,
  notBefore: number,
  dueAt: value => value === null || number(value),
  lostBy: optional(listOf(text)),
  lease: optional(objectOf({ worker: text, until: number })),
  probes: count,
  ttlMs: number,
  error: optional(objectOf({ code: text, status: count, title: text, detail: text })),
  partial: optional(listOf(objectOf({ name: text, reason: text }))),
  steps: listOf(step),
  artifacts: listOf(objectOf({ name: text, mediaType: text, bytes: number })),
  history: list,
  traceparent: text,
  session: optional(text),
  retriedBy: optional(text),
  probed: optional(objectOf({ at: number, botDigest: text, seen: text, detail: text })),
  lookFor: optional(objectOf({ at: number, by: text })),
  callbacks: optional(listOf(callback))
})

/** The run of this id, or undefined when the text is something else. */
export function storedRun(json: string, id: string): Run | undefined {
  const value = jsonOf(json)
  return run(value) && (value as JsonObject).id === id ? (value as unknown as Run) : undefined
}

const events: Readonly<Record<RunEvent['type'], Test>> = {
  status: objectOf({ ...state, revision: count }),
  step: objectOf({ step }),
  again: objectOf({ bot: text }),
  handover: objectOf({ bot: text, screen: text })
}

/** An event as it travels, or undefined when the text is something else. */
export function eventOf(json: string): RunEvent | undefined {
  const value = jsonOf(json)
  if (!isObject(value) || typeof value.type !== 'string' || !text(value.runId)) return undefined
  const test = Object.hasOwn(events, value.type) ? events[value.type as RunEvent['type']] : undefined
  return test?.(value) ? (value as unknown as RunEvent) : undefined
}
