/** Says what to do next in the words of its reader: a tool has no headers, a command line no paths. */
import { type ErrorCode, errorKinds } from '../core/errors.ts'
import { own } from '../core/own.ts'

/**
 * `tool`: a model that calls tools over MCP. `chat`: one whose calls `retrofit chat` carries, with their keys and the wait for their runs.
 * `command`: a person at the command line.
 */
export type Surface = 'tool' | 'chat' | 'command'

type Words = Partial<Record<ErrorCode, string>>

const ofTheClient = 'The client that carries the calls made this mistake: tell the person.'

/** Whatever carries the calls of a model. */
const ofModels: Words = {
  unauthenticated: 'The key or token is not valid or has ended: tell the person, and do not call again before the client has a new one.',
  action_not_found: 'Look at the list of tools again and use one of those names.',
  bot_not_found: 'Look at the list of tools again and use one of those names.',
  not_found: ofTheClient,
  malformed_json: ofTheClient,
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
}

const words: Readonly<Record<Surface, Words>> = {
  tool: {
    ...ofModels,
    idempotency_key_required: 'Give idempotency_key: one text for each intention, the same for every try of it.',
    idempotency_key_reused: 'Give another idempotency_key for another input; the old one is for the very same call.',
    key_expired: 'The run is over and will not run again; give a new idempotency_key only for a new intention.',
    run_cancelled: 'Nothing was done. Call it with a new idempotency_key, where it takes one, only when it is still wanted.',
    session_required: 'Give session: the id that open_session answers.',
    session_not_found: 'It has expired, was deleted, or belongs to another caller: get a new id from open_session, or call without.',
    run_not_found: 'Give as run_id the runId of an answer; runs of others are not visible.',
    not_cancellable: 'Look at the run with get_run: it has ended, or its effect may exist already.',
    artifact_not_found: 'Look at the run with get_run: its answer names its files.',
    version_changed:
      'Read what has changed in errors[], look at the tool in the list again, and send the version that the detail names, or none.'
  },
  chat: {
    ...ofModels,
    idempotency_key_required: ofTheClient,
    idempotency_key_reused: ofTheClient,
    key_expired: 'The run is over and will not run again; make a new call only for a new intention.',
    run_cancelled: 'Nothing was done. Make a new call only when the person still wants it.',
    session_required: 'It needs a session, which the person or the client makes: tell the person.',
    session_not_found: 'The session has expired, was deleted, or belongs to another caller: tell the person, or call without.',
    version_changed: 'The action has changed since the list of tools was made: tell the person.'
  },
  command: {
    idempotency_key_required: 'Give --idempotency-key, the same one for every try of this call.',
    idempotency_key_reused: 'Give another --idempotency-key for another input; the old one is for the very same call.',
    session_required: 'Give the id of a session with --session.',
    session_not_found: 'It has expired, was deleted, or belongs to another key: give the id of a new one with --session, or call without.',
    run_cancelled: 'Nothing was done. Call it with another --idempotency-key only when it is still wanted.',
    unauthenticated: 'Give a valid key with --key, or set RETROFIT_ADMIN_KEY; retrofit keys create makes one.',
    action_not_found: 'retrofit tools --format mcp lists the actions; use one of those names.',
    bot_not_found: 'retrofit tools --format mcp lists the actions of all bots.',
    not_found: 'Is --url the address of a gateway of this version?'
  }
}

type Phrase = readonly [RegExp, (wait: string) => string]

/** Sentences in which hints of their own speak of HTTP. */
const phrases: readonly Phrase[] = [
  [/\bas long as Retry-After says\b/g, wait => wait],
  [/ and look it up: GET \/v1\/runs\/(run_\w+)/g, () => ' and look the run $1 up'],
  [/, or ask for the run with \?wait= instead/g, () => ', or wait for the run instead'],
  [/ as Authorization: Bearer\b/g, () => ''],
  [/\ban Idempotency-Key header\b/g, () => 'an idempotency key']
]

const asDescribed: Phrase = [
  /^Send the call without format, with the input as the action itself takes it\./,
  () => 'Give the arguments as the tool describes them, and leave out what is not meant.'
]
const ofSurface: Readonly<Record<Surface, readonly Phrase[]>> = {
  tool: [asDescribed, [/\b(a new|another|the same|an) idempotency key\b/g, () => '$1 idempotency_key']],
  chat: [asDescribed, [/,? with (?:a new|another|the same) idempotency key\b/g, () => '']],
  command: [[/\b(a new|another|the same|an) idempotency key\b/g, () => '$1 --idempotency-key']]
}

/** What the arguments of ours are called where an action has inputs of those names itself. */
export interface ArgumentNames {
  readonly idempotencyKey: string
  readonly session: string
  /** A key of the manifest tells calls of this action apart: the same input is the same run, whatever else is sent. */
  readonly isGuarded: boolean
}

const stillCancelled =
  'Nothing was done. The same input only answers this again: tell the person, who can have the run run again when it is still wanted.'

export interface Hinted {
  readonly code: string
  readonly hint?: string | undefined
  readonly retryAfterMs?: number | undefined
  readonly names?: ArgumentNames | undefined
}

export function hintFor(surface: Surface, { code, hint, retryAfterMs, names }: Hinted): string | undefined {
  const known = own(words[surface] as Readonly<Record<string, string>>, code)
  // One that its thrower wrote for this case says more.
  const isDefault = own(errorKinds, code)?.hint === hint
  if (known !== undefined && isDefault) return code === 'run_cancelled' && names?.isGuarded ? stillCancelled : named(known, names)
  const wait = retryAfterMs === undefined ? 'a few seconds' : seconds(Math.max(1, Math.ceil(retryAfterMs / 1_000)))
  const all = [...phrases, ...ofSurface[surface]]
  const spoken = all.reduce((text, [pattern, say]) => text?.replace(pattern, say(wait)), hint)
  return spoken === undefined ? undefined : named(spoken, names)
}

const named = (text: string, names: ArgumentNames | undefined): string =>
  names === undefined
    ? text
    : text.replaceAll(/\bidempotency_key\b/g, names.idempotencyKey).replaceAll(/\bGive session:/g, `Give ${names.session}:`)

const seconds = (count: number): string => `${count} ${count === 1 ? 'second' : 'seconds'}`
