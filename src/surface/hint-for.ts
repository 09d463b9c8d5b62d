/** Says what to do next in the words of its reader: a tool has no headers, a command line no paths. */
import { type ErrorCode, errorKinds, hintOf } from '../core/errors.ts'
import { own } from '../core/own.ts'

/** `tool`: a model that calls tools, over MCP or through an agent. `command`: a person at the command line. */
export type Surface = 'tool' | 'command'

type Words = Partial<Record<ErrorCode, string>>

const ofTheClient = 'The client that carries the calls made this mistake: tell the person.'

const words: Readonly<Record<Surface, Words>> = {
  tool: {
    idempotency_key_required: 'Give idempotency_key: one text for each intention, the same for every try of it.',
    session_required: 'Give the id of a session with the call; the person or the client makes one.',
    session_not_found: 'It has expired, was deleted, or belongs to another caller: get the id of a new one, or call without.',
    unauthenticated: 'The key or token is not valid or has ended: tell the person, and do not call again before the client has a new one.',
    action_not_found: 'Look at the list of tools again and use one of those names.',
    bot_not_found: 'Look at the list of tools again and use one of those names.',
    not_found: ofTheClient,
    method_not_allowed: ofTheClient,
    not_acceptable: ofTheClient,
    unsupported_media_type: ofTheClient,
    headers_too_large: ofTheClient,
    uri_too_long: ofTheClient,
    origin_not_allowed: ofTheClient,
    callback_refused: ofTheClient,
    callback_not_found: ofTheClient,
    callback_not_sendable: ofTheClient,
    invalid_request: 'Correct what errors[] names and call again.',
    registering_refused: 'Ask the operator.'
  },
  command: {
    idempotency_key_required: 'Give --idempotency-key, the same one for every try of this call.',
    idempotency_key_reused: 'Give another --idempotency-key for another input; the old one is for the very same call.',
    session_required: 'Give the id of a session with --session.',
    session_not_found: 'It has expired, was deleted, or belongs to another key: give the id of a new one with --session, or call without.',
    unauthenticated: 'Give a valid key with --key, or set RETROFIT_ADMIN_KEY; retrofit keys create makes one.',
    action_not_found: 'retrofit tools --format mcp lists the actions; use one of those names.',
    bot_not_found: 'retrofit tools --format mcp lists the actions of all bots.',
    not_found: 'Is --url the address of a gateway of this version?'
  }
}

/** Sentences in which hints of their own speak of HTTP. */
const phrases: readonly (readonly [RegExp, (wait: string) => string])[] = [
  [/\bas long as Retry-After says\b/g, wait => wait],
  [/ and look it up: GET \/v1\/runs\/(run_\w+)/g, () => ' and look the run $1 up'],
  [/, or ask for the run with \?wait= instead/g, () => ', or wait for the run instead'],
  [/ as Authorization: Bearer\b/g, () => ''],
  [/\ban Idempotency-Key header\b/g, () => 'an idempotency key']
]

export interface Hinted {
  readonly code: string
  readonly hint?: string | undefined
  readonly retryAfterMs?: number | undefined
}

export function hintFor(surface: Surface, { code, hint, retryAfterMs }: Hinted): string | undefined {
  const known = own(words[surface] as Readonly<Record<string, string>>, code)
  // One that its thrower wrote for this case says more.
  const isDefault = own(errorKinds, code) !== undefined && [true, false].some(is => hintOf(code as ErrorCode, is) === hint)
  if (known !== undefined && isDefault) return known
  const wait = retryAfterMs === undefined ? 'a few seconds' : seconds(Math.max(1, Math.ceil(retryAfterMs / 1_000)))
  return phrases.reduce((text, [pattern, say]) => text?.replaceAll(pattern, say(wait)), hint)
}

const seconds = (count: number): string => `${count} ${count === 1 ? 'second' : 'seconds'}`
