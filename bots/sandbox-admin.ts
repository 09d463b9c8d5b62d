/** The admin path of every sandbox, for loopback only: `/__sandbox/faults` and `/__sandbox/effects`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Effects, noFaults, readEffects } from './sandbox.ts'

/** A setting that one sandbox has beside the faults. A new value must have the type that `get` answers. */
export interface Switch {
  get(): boolean | number
  set(value: boolean | number): void
}
export type Switches = Readonly<Record<string, Switch>>

const prefix = '/__sandbox/'
const maxBodyBytes = 64 * 1024
const drops: readonly unknown[] = ['never', 'before', 'after']

class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Answers an admin request and says true; says false, with nothing touched, when the request is none. Call it first, before any fault. */
export async function handleAdmin(
  request: IncomingMessage,
  response: ServerResponse,
  effects: Effects,
  switches: Switches = {}
): Promise<boolean> {
  const path = (request.url ?? '').split('?')[0] ?? ''
  if (!path.startsWith(prefix)) return false
  try {
    if (!isLoopback(request.socket.remoteAddress)) throw new Refusal(403, 'The admin path answers on loopback only')
    send(response, 200, await answer(request, path.slice(prefix.length), effects, switches))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    send(response, error.status, { error: error.message })
  }
  return true
}

async function answer(request: IncomingMessage, name: string, effects: Effects, switches: Switches): Promise<unknown> {
  const calls: Record<string, () => unknown> = {
    'GET effects': () => readEffects(effects.path),
    'GET faults': () => settings(effects, switches),
    'POST faults': async () => change(await readJson(request), effects, switches),
    'DELETE faults': () => {
      effects.faults = { ...noFaults }
      return settings(effects, switches)
    }
  }
  const call = calls[`${request.method} ${name}`]
  if (call === undefined)
    throw new Refusal(404, `There is no ${request.method} ${prefix}${name}; there are: ${Object.keys(calls).join(', ')}`)
  return call()
}

/** All or nothing: one bad key and no setting changes. */
function change(body: unknown, effects: Effects, switches: Switches): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Refusal(422, 'The body must be a JSON object')
  const current = settings(effects, switches)
  const wrong = Object.entries(body).flatMap(([key, value]) => complaint(key, value, current) ?? [])
  if (wrong.length > 0) throw new Refusal(422, wrong.join('; '))
  const isFault = ([key]: [string, unknown]) => Object.hasOwn(noFaults, key)
  effects.faults = { ...effects.faults, ...Object.fromEntries(Object.entries(body).filter(isFault)) }
  for (const [key, value] of Object.entries(body)) switches[key]?.set(value)
  return settings(effects, switches)
}

function complaint(key: string, value: unknown, current: Readonly<Record<string, unknown>>): string | undefined {
  if (!Object.hasOwn(current, key)) return `Unknown key ${JSON.stringify(key)}; the keys are ${Object.keys(current).join(', ')}`
  if (key === 'dropConnection') return drops.includes(value) ? undefined : `${key} must be one of ${drops.join(', ')}`
  const wanted = typeof current[key]
  if (wanted === 'number') return Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : `${key} must be a whole number, 0 or more`
  return typeof value === wanted ? undefined : `${key} must be a ${wanted}`
}

function settings(effects: Effects, switches: Switches): Record<string, unknown> {
  return { ...effects.faults, ...Object.fromEntries(Object.entries(switches).map(([key, entry]) => [key, entry.get()])) }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > maxBodyBytes) throw new Refusal(413, 'The body is too large')
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal(400, 'The body is not JSON')
  }
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address === '::1' || /^(::ffff:)?127\./.test(address))
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body))
}
