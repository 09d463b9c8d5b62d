/** Answers what it is asked. The adapter to copy, and the one that tests and benchmarks use. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import {
  type ActionSource,
  type Adapter,
  type Call,
  compileTemplate,
  defineAdapter,
  durationMs,
  durationPattern,
  type Json,
  type JsonObject,
  longestTimerMs,
  NothingSent,
  type ProbeResult,
  RetrofitError,
  renderText,
  type Scope,
  type Template
} from '../../src/index.ts'
import { appendEffect, hasEffect } from './ledger.ts'

const duration = z.string().regex(durationPattern)

const shape = {
  target: z.strictObject({
    ledger: z.string().optional().describe('A file: every committed effect is appended to it, so that tests can count them.')
  }),
  action: z.strictObject({
    result: z.unknown().optional().describe('The output, with {{ … }} in it. Without it: the input.'),
    delay: duration.optional().describe('How long the answer takes.'),
    commit: z.boolean().optional().describe('The action has an effect. Needed on write and irreversible actions.'),
    partial: z.record(z.string(), z.string()).optional().describe('Lists of the output that are said not to be whole, by name, and why.'),
    fail: z
      .strictObject({
        times: z.int().min(1).describe('How many attempts of a run fail.'),
        when: z
          .enum(['before', 'refused', 'after'])
          .default('before')
          .describe('Before the commit point; at it, with nothing sent; or after the effect.'),
        retryable: z.boolean().default(true).describe('Whether another attempt may help.'),
        message: z.string().default('told to fail').describe('The detail of the error.')
      })
      .optional()
      .describe('Makes attempts fail.')
  }),
  probe: z.strictObject({}),
  error: z.strictObject({})
}

type Failure = {
  readonly times: number
  readonly when: 'before' | 'refused' | 'after'
  readonly retryable: boolean
  readonly message: string
}

interface EchoSteps {
  readonly result: Template | undefined
  readonly ledger: Template | undefined
  readonly delayMs: number
  readonly commit: boolean
  readonly partial: Readonly<Record<string, string>>
  readonly fail: Failure | undefined
}

export function createAdapter(): Adapter<EchoSteps> {
  return defineAdapter<EchoSteps>({
    name: 'echo',
    templates: 'result and target.ledger',
    shape,
    parse,
    run,
    probe,
    closeScreen: async () => {},
    close: async () => {}
  })
}

function parse({ effect, target, action, issue, takes }: ActionSource): EchoSteps {
  const own = action as z.output<typeof shape.action>
  if (effect !== 'read' && own.commit !== true) issue(['commit'], 'an action that is not a read needs a commit point: add commit: true')
  if (effect === 'read' && own.commit === true) issue(['commit'], 'a read has no commit point: leave commit out, or change effect')
  const template = (value: Json | undefined, path: readonly string[]): Template | undefined => {
    takes?.(path, { names: {}, isOutput: path[0] === 'result' })
    try {
      return value === undefined ? undefined : compileTemplate(value, path)
    } catch (error) {
      issue(path, (error as Error).message)
      return undefined
    }
  }
  return {
    result: template(own.result as Json | undefined, ['result']),
    ledger: template(target.ledger, ['target', 'ledger']),
    delayMs: own.delay === undefined ? 0 : durationMs(own.delay),
    commit: own.commit === true,
    partial: own.partial ?? {},
    fail: own.fail
  }
}

async function run(call: Call<EchoSteps>): Promise<Json> {
  const { delayMs, commit } = call.steps
  if (delayMs > 0) await sleep(Math.min(delayMs, longestTimerMs), undefined, { signal: call.signal })
  failWhen(call, 'before')
  if (commit) await call.step('commit', () => takeEffect(call))
  failWhen(call, 'after')
  tellPartial(call)
  call.answered({})
  return await answer(call)
}

function tellPartial(call: Call<EchoSteps>): void {
  for (const [name, reason] of Object.entries(call.steps.partial)) call.partial(name, reason)
}

async function takeEffect(call: Call<EchoSteps>): Promise<void> {
  const receivedAt = Date.now()
  await call.commit()
  failWhen(call, 'refused')
  const ledger = await ledgerOf(call)
  if (ledger !== '') await appendEffect(ledger, { receivedAt, action: call.action, reference: call.run.reference, payload: call.input })
}

function failWhen({ run, steps: { fail } }: Call<EchoSteps>, moment: Failure['when']): void {
  if (fail === undefined || fail.when !== moment || run.attempt > fail.times) return
  const { message, retryable } = fail
  if (moment === 'refused') throw new NothingSent(message, { retryable })
  throw new RetrofitError('target_failed', { detail: message, retryable })
}

async function probe(call: Call<EchoSteps>): Promise<ProbeResult> {
  const ledger = await ledgerOf(call)
  if (ledger === '') return { found: false, blind: 'without target.ledger nothing is kept of an effect' }
  if (!hasEffect(ledger, call.run.reference)) return { found: false }
  tellPartial(call)
  call.answered({})
  return { found: true, output: await answer(call) }
}

const ledgerOf = async (call: Call<EchoSteps>): Promise<string> =>
  call.steps.ledger === undefined ? '' : await renderText(call.steps.ledger, scopeOf(call))

const answer = async (call: Call<EchoSteps>): Promise<Json> =>
  call.steps.result === undefined ? call.input : ((await call.steps.result(scopeOf(call))) ?? null)

/** The answer goes to the caller: no credential may stand there. */
function scopeOf({ input, session, credentialsAt, target, run }: Call<EchoSteps>): Scope {
  const { id, reference, attempt } = run
  return {
    input,
    session,
    credentials: credentialsAt(undefined),
    env: target.env,
    steps: {} as JsonObject,
    run: { id, reference, attempt }
  }
}
