/** `retrofit call`: one action, from the terminal. */

import { randomUUID } from 'node:crypto'
import { UsageError } from '../cli.ts'
import { isDecimal, isExact } from '../core/decimal.ts'
import { InexactNumber, lostDigits, parseExactJson } from '../core/exact-json.ts'
import { own } from '../core/own.ts'
import { plainJson, plainLine, plainText } from '../core/plain-text.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { hintFor } from '../surface/hint-for.ts'
import { type Answer, type Client, createClient } from './client.ts'
import { askProbe, exitCodeOf, type Probed, probeText } from './probe.ts'

type Flags = Readonly<Record<string, unknown>>

export async function call(action: string, inputs: readonly string[], flags: Flags): Promise<number> {
  const client = createClient(flags)
  const answer = await ask(client, { action, inputs, flags })
  const probed = flags.probe && !flags.dryRun ? await probeAfter(client, answer, Number(flags.wait)) : undefined
  const code = print(answer, flags, probed)
  if (probed !== undefined && !flags.json) process.stderr.write(`${probeText(probed)}\n`)
  return probed === undefined || code !== 0 ? code : exitCodeOf(probed)
}

export interface Asking {
  readonly action: string
  readonly inputs: readonly string[]
  readonly flags: Flags
}

/** The answer when the run has ended, or when it was waited for long enough. */
export async function ask(client: Client, { action, inputs, flags }: Asking): Promise<Answer> {
  const body = JSON.stringify(await readInputs(client, action, inputs))
  const key = typeof flags.idempotencyKey === 'string' ? flags.idempotencyKey : randomUUID()
  const wait = Number(flags.wait)
  if (!(wait >= 0)) throw new UsageError('--wait: write a number of seconds')
  const first = await client('POST', `/v1/actions/${encodeURIComponent(action)}${queryOf(flags)}`, {
    body,
    headers: {
      'idempotency-key': `"${key}"`,
      prefer: `wait=${Math.min(wait, 60)}`,
      ...(typeof flags.session === 'string' ? { 'session-id': flags.session } : {})
    }
  })
  return first.status === 202 ? await follow(client, first, { waitSeconds: wait, flags }) : first
}

/** A text for a model has no run id but in its headers. */
async function probeAfter(client: Client, { headers, text }: Answer, waitSeconds: number): Promise<Probed> {
  const found = runIdOf({ headers, text })
  if (found === undefined) return { good: false, body: { detail: 'The call has no run.' } }
  return askProbe(client, found, Math.max(waitSeconds, leastLookSeconds))
}

export function runIdOf({ headers, text }: Pick<Answer, 'headers' | 'text'>): string | undefined {
  const found = headers['run-id'] ?? /"runId":\s*"(run_[0-9a-z]+)"/.exec(text)?.[1]
  return typeof found === 'string' ? found : undefined
}

const leastLookSeconds = 60

function queryOf({ dryRun, fields, text }: Flags): string {
  const query = new URLSearchParams({
    ...(dryRun ? { dryRun: 'true' } : {}),
    ...(typeof fields === 'string' ? { fields } : {}),
    ...(text ? { view: 'text' } : {})
  })
  return query.size === 0 ? '' : `?${query}`
}

/** A run that takes longer than the call waits: look it up until it ends, then ask for the answer again by the same key's run. */
async function follow(client: Client, first: Answer, { waitSeconds, flags }: { waitSeconds: number; flags: Flags }): Promise<Answer> {
  const { runId } = JSON.parse(first.text) as { runId: string }
  const until = Date.now() + waitSeconds * 1_000
  const say = (text: string) => (flags.quiet ? true : process.stderr.write(text))
  say(`run ${plainLine(runId)} is under way …\n`)
  for (;;) {
    const answer = await client('GET', `/v1/runs/${runId}?wait=20${fieldsOf(flags)}`)
    const { status } = JSON.parse(answer.text) as { status?: string }
    if (answer.status !== 200 || !['queued', 'working'].includes(status ?? '') || Date.now() > until)
      return flags.text ? await client('GET', `/v1/runs/${runId}?view=text${fieldsOf(flags)}`) : answer
    say(`  ${plainLine(status ?? '')}\n`)
  }
}

const fieldsOf = ({ fields }: Flags): string => (typeof fields === 'string' ? `&fields=${encodeURIComponent(fields)}` : '')

function print({ status, headers, text }: Answer, flags: Flags, probed: Probed | undefined): number {
  const isText = String(headers['content-type']).startsWith('text/plain')
  const parsed = isText ? text : text === '' ? null : (JSON.parse(text) as JsonObject)
  const ok = status >= 200 && status < 300 && (parsed as { status?: Json } | null)?.status !== 'failed'
  const shown = flags.json
    ? {
        httpStatus: status,
        runId: headers['run-id'] ?? null,
        replayed: headers['idempotent-replayed'] === 'true',
        partial: headers['result-partial'] ?? null,
        body: parsed,
        ...(probed === undefined ? {} : { probe: probed.body.probe ?? probed.body })
      }
    : spoken(parsed, Number(headers['retry-after']))
  const out = flags.json || ok ? process.stdout : process.stderr
  out.write(`${typeof shown === 'string' ? plainText(shown) : plainJson(shown, flags.json ? 0 : 2)}\n`)
  const partial = headers['result-partial']
  if (partial !== undefined && !isText && !flags.json) process.stderr.write(`(not all of it: ${plainLine(String(partial))})\n`)
  if (headers['idempotent-replayed'] === 'true' && !flags.json) process.stderr.write('(replayed: this key had its run before)\n')
  return ok ? 0 : 1
}

/** A problem in the words of the command line. */
export function spoken(body: Json, retryAfterSeconds: number): Json {
  const problem = body as { readonly code?: Json; readonly hint?: Json } | null
  if (typeof problem?.code !== 'string' || typeof problem.hint !== 'string') return body
  const retryAfterMs = Number.isNaN(retryAfterSeconds) ? undefined : retryAfterSeconds * 1_000
  return { ...(body as JsonObject), hint: hintFor('command', { code: problem.code, hint: problem.hint, retryAfterMs }) ?? '' }
}

/** `name=value` becomes what the action's schema says; `name:=json` is JSON as it stands. */
async function readInputs(client: Client, action: string, inputs: readonly string[]): Promise<JsonObject> {
  const pairs = inputs.map(text => /^([^=:]+)(:?=)([\s\S]*)$/.exec(text) ?? refuse(text))
  const properties = pairs.some(([, , how]) => how === '=') ? await propertiesOf(client, action) : {}
  return Object.fromEntries(
    pairs.map(([, name = '', how, value = '']) => [name, how === ':=' ? jsonIn(name, value) : typed(name, value, own(properties, name))])
  )
}

const refuse = (text: string): never => {
  throw new UsageError(`write inputs as name=value or name:=json, not ${text}`)
}

interface Schema {
  readonly type?: string | readonly string[]
}

async function propertiesOf(client: Client, action: string): Promise<Readonly<Record<string, Schema>>> {
  const { status, text } = await client('GET', '/openapi.json')
  if (status !== 200) return {}
  return JSON.parse(text).components?.schemas?.[`${action}.input`]?.properties ?? {}
}

function jsonIn(name: string, text: string): Json {
  try {
    return parseExactJson(text)
  } catch (error) {
    throw new UsageError(`${name}${error instanceof InexactNumber ? ` ${error.message.trim()}` : ' is not JSON'}`)
  }
}

function typed(name: string, value: string, { type = [] }: Schema = {}): Json {
  const types = [type].flat()
  const is = (...wanted: readonly string[]): boolean => wanted.some(each => types.includes(each))
  if (is('number', 'integer') && isDecimal(value.trim())) return numberIn(name, value, is('string'))
  if (is('boolean') && (value === 'true' || value === 'false')) return value === 'true'
  if (is('array', 'object') && !is('string')) return jsonIn(name, value)
  return value
}

/** As text where a number would lose digits and the schema takes text. */
function numberIn(name: string, value: string, orText: boolean): Json {
  if (isExact(value.trim())) return Number(value)
  if (orText) return value
  throw new UsageError(`${name} ${lostDigits}, where its schema takes text: ${name}:='"…"'`)
}
