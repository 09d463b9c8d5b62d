/** `retrofit runs probe`, and the look after `retrofit call --probe`: what the probe of today's manifest says about a run. */
import { plainJson, plainLine } from '../core/plain-text.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { type Client, createClient } from './client.ts'

export interface Probed {
  /** The probe found the effect, and where the output is known, it read the same. */
  readonly good: boolean
  /** The run with what the probe saw, or the problem that kept it from looking. */
  readonly body: JsonObject
}

/** Asks for a look, and waits until a worker has looked. */
export async function askProbe(client: Client, runId: string, waitSeconds: number): Promise<Probed> {
  const until = Date.now() + waitSeconds * 1_000
  const path = `/v1/runs/${encodeURIComponent(runId)}`
  let answer = await client('POST', `${path}/probe`)
  let body = JSON.parse(answer.text) as JsonObject
  while (answer.status === 202 || body.lookFor !== undefined) {
    if (Date.now() > until) return { good: false, body: { ...body, detail: 'No worker has looked in time.' } }
    await new Promise(resolve => setTimeout(resolve, 500))
    answer = await client('GET', path)
    body = JSON.parse(answer.text) as JsonObject
  }
  const { agrees, seen } = (body.probe ?? {}) as { readonly agrees?: boolean; readonly seen?: string }
  return { good: answer.status === 200 && (agrees ?? seen === 'found'), body }
}

/** One or two lines for a person. */
export function probeText({ good, body }: Probed): string {
  const { probe, status, detail, hint } = body as { probe?: JsonObject; status?: Json; detail?: Json; hint?: Json }
  if (probe === undefined) return `the probe did not look: ${plainLine([detail, hint].filter(part => part !== undefined).join(' '))}`
  const verdict = probe.agrees === undefined ? `the run is ${plainLine(String(status))}` : good ? 'the probe agrees' : 'the probe DISAGREES'
  const read = probe.extracted === undefined ? '' : `\nit extracted ${plainJson(probe.extracted as Json, 2)}`
  return `${verdict}: ${plainLine(String(probe.detail))}${read}`
}

/** 0 when it found the effect, 2 when it did not or could not look. */
export const exitCodeOf = ({ good }: Probed): number => (good ? 0 : 2)

export async function probeRun(runId: string, flags: Readonly<Record<string, unknown>>): Promise<number> {
  const probed = await askProbe(createClient(flags), runId, 300)
  const text = flags.json ? plainJson(probed.body, 0) : probeText(probed)
  const out = flags.json || probed.good ? process.stdout : process.stderr
  out.write(`${text}\n`)
  return exitCodeOf(probed)
}
