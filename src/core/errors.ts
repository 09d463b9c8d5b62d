/** The one table of stable error codes. A test holds README's table and the OpenAPI document against it. */
import { type ErrorKind, kind } from './error-kind.ts'
import type { ErrorOptions } from './error-options.ts'
import type { FieldError, Json, Quota, RunEffect } from './types.ts'

export { NothingSent } from './nothing-sent.ts'

export const errorKinds = {
  malformed_json: kind(400, 'The body is not valid JSON', false, 'Send one JSON object, UTF-8, without duplicate names.'),
  invalid_request: kind(400, 'A parameter or header is not valid', false, 'Correct the parameter that errors[] names and send again.'),
  idempotency_key_required: kind(
    400,
    'This action needs an idempotency key',
    false,
    'Send an Idempotency-Key header, the same one for every retry of this call.'
  ),
  session_required: kind(400, 'This action needs a session', false, 'Make a session with POST /v1/sessions and send its id as Session-Id.'),
  unauthenticated: kind(401, 'No valid credentials', false, 'Send Authorization: Bearer with a valid API key or access token.'),
  origin_not_allowed: kind(
    403,
    'Not for this origin',
    false,
    'Use one of the names of this service; its operator sets PUBLIC_URL, MCP_HOSTS and, for pages of other origins, CORS_ORIGINS.'
  ),
  insufficient_scope: kind(403, 'The key lacks a scope', false, 'Ask for a key with the scopes that the detail names.'),
  registering_refused: kind(
    403,
    'Bots can not be registered here',
    false,
    'Ask the operator: a file in the bots folder, a key with all scopes, or the setting BOTS_OVER_HTTP.'
  ),
  credential_refused: kind(
    403,
    'The bot may not use these credentials here',
    false,
    'An operator has to list the bot, the tenant and the origin in the file of the credentials; do not retry.'
  ),
  callback_refused: kind(
    403,
    'The address may not be called back',
    false,
    'Ask the operator to list the address with your key (retrofit keys callbacks), or call without Callback-Url and look the run up.'
  ),
  not_found: kind(404, 'No such path', false, 'Read /openapi.json for the paths that exist.'),
  action_not_found: kind(404, 'No such action', false, 'List the actions with GET /openapi.json and use one of those names.'),
  run_not_found: kind(404, 'No such run', false, 'Check the run id; runs of other tenants are not visible.'),
  bot_not_found: kind(404, 'No such bot', false, 'List the bots with GET /v1/bots.'),
  session_not_found: kind(
    404,
    'No such session',
    false,
    'It has expired, was deleted, or belongs to another caller: make a new one with POST /v1/sessions, or call without.'
  ),
  callback_not_found: kind(404, 'No such callback', false, 'List the callbacks of your runs with GET /v1/callbacks.'),
  artifact_not_found: kind(404, 'No such artifact', false, 'Read the run: its artifacts are listed there.'),
  method_not_allowed: kind(405, 'The path has no such method', false, 'Use a method that the Allow header lists.'),
  not_acceptable: kind(406, 'No representation that Accept admits', false, 'Accept application/json.'),
  not_cancellable: kind(
    409,
    'The run can not be cancelled any more',
    false,
    'Read the run: it has ended, or its effect may exist already.'
  ),
  not_retryable: kind(
    409,
    'The run can not be run again',
    false,
    'Only a run that ended without an effect can be retried; resolve an unknown outcome first.'
  ),
  not_probeable: kind(
    409,
    'No probe can look at the run',
    false,
    'Read the run: a probe looks at one whose outcome is unknown or whose effect is committed, where the bot of today has a probe for it.'
  ),
  callback_not_sendable: kind(
    409,
    'The callback can not be sent now',
    false,
    'Read the run: a message goes out when it has ended, and can be sent again as long as its record has not expired.'
  ),
  not_resolvable: kind(409, 'The run has no unknown outcome', false, 'Read the run: only outcome_unknown can be resolved.'),
  version_changed: kind(
    409,
    'The bot is not at the version that the call names',
    false,
    'Read what has changed in errors[], read the action anew, and send the version that the detail names, or none.'
  ),
  session_busy: kind(
    409,
    'Another call is on the screen of this session',
    true,
    'Wait for that run to end, then send this call; one step of a wizard follows the other.'
  ),
  screen_gone: kind(409, 'The screen of this session is gone', false, 'Begin the wizard again with its first action, in the same session.'),
  not_resolvable_yet: kind(
    409,
    'The effect may still come',
    true,
    'Wait until the time that the detail names, look at the target again, and only then say not_done. To say completed is possible at any time.'
  ),
  key_expired: kind(
    409,
    'The key belongs to a run whose record has expired',
    false,
    'The run is over and will not run again; use a new key only for a new intention.'
  ),
  bot_from_file: kind(
    409,
    'The bot comes from a file',
    false,
    'Change the file in the bots folder, or register the bot under another name.'
  ),
  breaking_change: kind(409, 'It breaks callers', false, 'Raise the major version, or say that it is meant: ?allowBreaking=true.'),
  run_cancelled: kind(
    409,
    'The run was cancelled',
    false,
    'Nothing was done. Only when it is still wanted: POST /v1/runs/{runId}/retry, or a call with a new key where the manifest has none of its own.'
  ),
  body_too_large: kind(413, 'The body is too large', false, 'Send less in one call.'),
  uri_too_long: kind(414, 'The address is too long', false, 'Send the data in the body.'),
  unsupported_media_type: kind(415, 'The body is not application/json', false, 'Send Content-Type: application/json.'),
  expectation_failed: kind(417, 'No such expectation can be met', false, 'Leave Expect out, or send Expect: 100-continue.'),
  invalid_input: kind(
    422,
    'The input does not fit the schema',
    false,
    'Correct the fields that errors[] names and send again; the key was not used.'
  ),
  idempotency_key_reused: kind(
    422,
    'The key was used with another input',
    false,
    'Use a new key for another input; use the old key only for the very same call.'
  ),
  invalid_manifest: kind(422, 'The manifest has mistakes', false, 'Correct the places that errors[] names.'),
  quota_exceeded: kind(
    429,
    'The tenant has used up what it may',
    true,
    'Free what the detail names, or wait as long as Retry-After says; the operator can allow more.'
  ),
  rate_limited: kind(429, 'Too many calls', true, 'Wait as long as Retry-After says, then send the same call with the same key.'),
  headers_too_large: kind(431, 'The headers are too large', false, 'Send smaller headers.'),
  internal_error: kind(
    500,
    'Something went wrong here',
    false,
    'Do not send it again before somebody has looked at the run, if there is one; report the run id.',
    'Nothing was done. Send the same call with the same key again.'
  ),
  target_failed: kind(
    502,
    'The target did not do it',
    true,
    'Nothing was changed in the target; try again later.',
    'Nothing was changed in the target. Trying again as it is does not help: change the input, or report the run id to the owner of the bot.'
  ),
  secret_in_output: kind(
    502,
    'The output holds a credential',
    false,
    'Nothing of the output is kept. An operator has to correct the bot and change the credential; do not retry.'
  ),
  invalid_output: kind(
    502,
    'The target answered something unexpected',
    false,
    'Do not repeat it blindly; report the run id to the owner of the bot.'
  ),
  worker_lost: kind(
    502,
    'Two workers were lost while they worked on it',
    false,
    'Nothing was changed in the target. Do not send it again as it is: report the run id to the owner of the bot.'
  ),
  outcome_unknown: kind(
    502,
    'Nobody can tell whether it happened',
    false,
    'Do NOT repeat it: it may have happened. Ask a person to check the target and resolve the run.'
  ),
  queue_full: kind(
    503,
    'Too many runs wait',
    true,
    'Nothing was accepted. Wait as long as Retry-After says, then send the same call with the same key.'
  ),
  screens_full: kind(
    503,
    'Sessions have pinned all screens of the target',
    true,
    'Wait as long as Retry-After says and call again; finish wizards and end sessions that are not needed.'
  ),
  circuit_open: kind(
    503,
    'The target is failing and gets a rest',
    true,
    'Nothing was accepted. Wait as long as Retry-After says, then send the same call with the same key.'
  ),
  not_ready: kind(
    503,
    'The service can not accept runs now',
    true,
    'Nothing was accepted. Wait as long as Retry-After says, then send the same call with the same key.'
  ),
  deadline_exceeded: kind(504, 'Not done in time', true, 'Nothing was changed in the target; try again with more time.')
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorKinds

/** Where the thrower says the opposite of the table, and the table has no words for it. */
const opposite = {
  retryable: 'Send the same call with the same key again.',
  lasting: 'Do not send it again as it is: change the call, or report it to the operator.'
}

/** It never says to try again what trying again does not help. */
export function hintOf(code: ErrorCode, isRetryable: boolean): string {
  const { retryable, hint, otherwise = opposite[isRetryable ? 'retryable' : 'lasting'] }: ErrorKind = errorKinds[code]
  return isRetryable === retryable ? hint : otherwise
}

/** An error with a stable code. The thrower says whether a retry can help and whether the effect may exist. */
export class RetrofitError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly title: string
  readonly retryable: boolean
  readonly effect: RunEffect
  readonly hint: string
  readonly errors: readonly FieldError[]
  readonly retryAfterMs: number | undefined
  readonly quota: Quota | undefined
  readonly runId: string | undefined
  readonly targetDown: boolean
  readonly targetSaid: string | undefined

  constructor(code: ErrorCode, options: ErrorOptions) {
    super(options.detail, options.cause === undefined ? undefined : { cause: options.cause })
    const { status, title, retryable } = errorKinds[code]
    this.name = 'RetrofitError'
    this.code = code
    this.status = status
    this.title = title
    this.retryable = options.retryable ?? retryable
    this.effect = options.effect ?? 'none'
    this.hint = options.hint ?? hintOf(code, this.retryable)
    this.errors = options.errors ?? []
    this.retryAfterMs = options.retryAfterMs
    this.quota = options.quota
    this.runId = options.runId
    this.targetDown = options.targetDown ?? false
    this.targetSaid = options.targetSaid
  }
}

/** An error that the action declares: the target said no for a reason of the business. Never retried. */
export class BusinessError extends Error {
  /** A key of the action's `errors`. */
  readonly code: string
  /** What the target said with it; kept where it fits the `data` that the error declares. */
  readonly data: Json | undefined
  /** Its words, as they are; `detail` is in ours. */
  readonly targetSaid: string | undefined
  constructor(code: string, detail: string, data?: Json, targetSaid?: string) {
    super(detail)
    this.name = 'BusinessError'
    this.code = code
    this.data = data
    this.targetSaid = targetSaid
  }
}

/** The fence is lost: another worker has the run, or it is over. Stop at once and touch nothing. */
export class FenceLost extends Error {
  constructor(runId: string) {
    super(`run ${runId} is no longer this worker's`)
    this.name = 'FenceLost'
  }
}
