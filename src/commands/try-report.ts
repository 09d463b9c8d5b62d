/** The words of `retrofit try`: before the attempt, of each step, and at its end. */
import { plainJson, plainLine } from '../core/plain-text.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { mask } from '../governance/sealer.ts'
import { runIdOf, spoken } from './call.ts'
import type { Answer, Client } from './client.ts'
import { askProbe, exitCodeOf, type Probed, probeText } from './probe.ts'
import type { TriedStep } from './trial.ts'
import type { Tried } from './tried.ts'
import { indexPage } from './try-index.ts'

const say = (text: string): void => void process.stderr.write(`${text}\n`)

export function begin({ action, bot, flags, isDry, key, stepMs }: Tried): void {
  if (flags.json) return
  say(`${plainLine(action.name)} (${action.effect}) on ${plainLine(bot.target.url)}: one attempt, ${stepMs} ms at most for a step`)
  if (isDry) say('It stops before the step that has the effect; --commit lets that through.')
  else if (action.effect !== 'read')
    say(`It has its effect for real, once. Its idempotency key ${key} is known to this attempt alone: trying again does it again.`)
}

export function stepLine({ number, name, ms, state, error, files, depth }: TriedStep): string {
  const place = `${'  '.repeat(depth)}${String(number).padStart(2)}`
  const kept = files.length === 0 ? '' : `  ${files[0]}`
  const why = error === undefined ? '' : `\n     ${plainLine(error)}`
  return `${place}  ${state.padEnd(7)}  ${String(ms).padStart(6)} ms  ${plainLine(name)}${kept}${why}\n`
}

interface Ending {
  readonly ok: boolean
  readonly body: Json
  readonly run: JsonObject
  readonly probe: Probed | undefined
}

/** Answers the exit code: 0, 1 when it failed, 2 when the probe disagrees or could not look. */
export async function conclude(client: Client, answer: Answer, tried: Tried): Promise<number> {
  const { trial, folder, flags, action } = tried
  const runId = runIdOf(answer)
  const run = runId === undefined ? {} : (JSON.parse((await client('GET', `/v1/runs/${runId}`)).text) as JsonObject)
  const parsed = (answer.text === '' ? null : JSON.parse(answer.text)) as Json
  const ok = trial.stopped !== undefined || (answer.status >= 200 && answer.status < 300 && run.status === 'completed')
  const looks = action.probe !== undefined && run.effect === 'committed' && runId !== undefined
  const probe = looks ? await askProbe(client, runId, lookSeconds) : dryProbe(tried)
  const body = ok ? mask(action.output, outputOf(parsed)) : spoken(problemOf(parsed), Number(answer.headers['retry-after']))
  if (trial.steps.length > 0) folder.write('index.html', indexPage(tried, ok ? undefined : body))
  const ending = { ok, body, run, probe }
  if (flags.json) process.stdout.write(`${plainJson(asJson(tried, answer, ending))}\n`)
  else print(tried, ending)
  if (!ok) return 1
  return probe === undefined ? 0 : exitCodeOf(probe)
}

/** Long enough for any settle time. */
const lookSeconds = 3_600

/** A run that was waited for comes as a whole. */
const outputOf = (body: Json): Json => {
  const run = body as { readonly runId?: Json; readonly status?: Json; readonly output?: Json } | null
  return typeof run?.runId === 'string' && run.status === 'completed' && run.output !== undefined ? run.output : body
}

const problemOf = (body: Json): Json => {
  const run = body as { readonly runId?: Json; readonly error?: Json } | null
  return typeof run?.runId === 'string' && run.error !== undefined ? run.error : body
}

/** Nothing was done: what it says is that its steps work, and that it does not find what is not there. */
function dryProbe({ trial: { probed } }: Tried): Probed | undefined {
  if (probed === undefined) return undefined
  if ('problem' in probed)
    return { good: false, body: { probe: { agrees: false, seen: 'unclear', detail: `it could not look: ${probed.problem}` } } }
  const detail = probed.found
    ? 'it found an effect, and nothing was done: it takes something else for it'
    : 'it looked, and found nothing, as nothing was done'
  return { good: !probed.found, body: { probe: { agrees: !probed.found, seen: probed.found ? 'found' : 'absent', detail } } }
}

function asJson({ action, trial, folder, isDry, key }: Tried, answer: Answer, { ok, body, run, probe }: Ending): JsonObject {
  const stopped = trial.stopped !== undefined
  const shown: Readonly<Record<string, Json | undefined>> = {
    action: action.name,
    ok,
    dry: isDry,
    stoppedBeforeCommit: stopped,
    effect: run.effect ?? 'none',
    runId: run.runId ?? null,
    reference: run.reference ?? null,
    idempotencyKey: key,
    httpStatus: stopped ? undefined : answer.status,
    body: stopped ? undefined : body,
    sent: trial.sent,
    probe: probe === undefined ? undefined : (probe.body.probe ?? probe.body),
    steps: trial.steps.map(({ error, files, ...step }) => ({ ...step, ...(error === undefined ? {} : { error }), files: [...files] })),
    folder: folder.path ?? null
  }
  return Object.fromEntries(Object.entries(shown).filter((entry): entry is [string, Json] => entry[1] !== undefined))
}

function print({ trial, folder, action }: Tried, { ok, body, run, probe }: Ending): void {
  if (trial.stopped !== undefined) {
    say('Stopped before the commit point: all steps before it work. The request with the effect was not sent: effect none.')
    if (trial.sent !== undefined) say(`It would have sent:\n${plainLines(trial.sent)}`)
  } else {
    const out = ok ? process.stdout : process.stderr
    out.write(`${plainJson(body, 2)}\n`)
    if (action.effect !== 'read') say(`effect ${plainLine(String(run.effect ?? 'none'))}${referenceOf(run)}`)
  }
  if (probe !== undefined) say(probeText(probe))
  if (folder.path !== undefined) say(`What each step showed: ${plainLine(folder.path)}/index.html`)
}

const referenceOf = ({ reference }: JsonObject): string => (typeof reference === 'string' ? `, reference ${plainLine(reference)}` : '')

const plainLines = (text: string): string => text.split('\n').map(plainLine).join('\n')
