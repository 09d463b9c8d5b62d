/** Each code of the error table is provoked once over HTTP and answers its status, its problem document and its headers. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type ErrorCode, errorKinds } from '../../src/core/errors.ts'
import { claim, crossCommit } from '../../src/core/run.ts'
import { type Answer, type CallOptions, type OpenGateway, openGateway } from './open-gateway.ts'
import { rawHttp, statusOf } from './raw-http.ts'

const cancelBot = `
bot: slowly
version: 1.0.0
title: Slow desk
description: Takes its time.
adapter: echo
target: { url: 'http://127.0.0.1:9', waiting: 2 }
actions:
  read:
    title: Take ten seconds
    description: Answers after ten seconds.
    effect: read
    scopes: [demo:read]
    input: { type: object, additionalProperties: false, properties: {} }
    output: { type: object }
    delay: 10s
  once:
    title: Forget at once
    description: A run is kept for a moment only.
    effect: write
    scopes: [demo:write]
    idempotency: { ttl: 1ms }
    input: { type: object }
    output: { type: object }
    commit: true
`

const wizardBot = (name: string, concurrency: number) => `
bot: ${name}
version: 1.0.0
title: Wizard
description: Several steps on one screen.
adapter: echo
target: { url: 'http://127.0.0.1:9', concurrency: ${concurrency} }
actions:
  begin: { title: Begin, description: The first page., effect: read, scopes: [demo:read], screen: pinned, delay: 2s, retry: { attempts: 1 }, input: { type: object }, output: { type: object } }
  go_on: { title: Go on, description: The next page., effect: read, scopes: [demo:read], screen: continue, input: { type: object }, output: { type: object } }
`

const password = 'a password of the tests'
const leakBot = `
bot: leak
version: 1.0.0
title: Leak
description: Answers what stands in its credentials.
adapter: echo
target: { url: 'http://127.0.0.1:9', credentials: leak }
actions:
  mark: { title: Mark, description: Answers the credential., effect: read, scopes: [demo:read], input: { type: object }, output: {}, result: "{{ credentials.password }}" }
  say: { title: Say, description: Answers its input., effect: read, scopes: [demo:read], input: { type: object }, output: {} }
`

let working: OpenGateway
let idle: OpenGateway

beforeAll(async () => {
  const { echoManifest } = await import('./open-gateway.ts')
  working = await openGateway({
    manifests: [echoManifest, cancelBot, leakBot, wizardBot('wizard', 9), wizardBot('narrow', 1)],
    secrets: { leak: { password } }
  })
  idle = await openGateway({
    manifests: [cancelBot],
    worker: false,
    quotas: { streams: 0 },
    settings: { maxCallsPerSecond: 20, maxBodyBytes: 2_000, botsOverHttp: 'off' }
  })
})
afterAll(async () => {
  await Promise.all([working.close(), idle.close()])
})

const action = (name: string, request: CallOptions = {}, at = working) => at.call(`/v1/actions/${name}`, { body: {}, ...request })
const key = (value: string) => ({ headers: { 'idempotency-key': value } })

async function lostRun(id: string): Promise<string> {
  const answer = await action('demo_lost', key(id))
  return `/v1/runs/${answer.json.runId}`
}

const inSession = async (): Promise<Record<string, string>> => ({
  'session-id': (await working.call('/v1/sessions', { body: {} })).json.sessionId
})
/** A worker took it, crossed the commit point and was never heard of again. */
async function silentRun(id: string): Promise<string> {
  const { store } = idle.parts
  const { json } = await action('slowly_once', { headers: { 'idempotency-key': id, prefer: 'respond-async' } }, idle)
  const queued = await store.getRun(json.runId)
  if (queued === undefined) throw new Error(`no run ${json.runId}`)
  const lease = { worker: 'gone', now: store.now(), leaseMs: 1 }
  const claimed = claim(queued, lease)
  expect(await store.updateRun(claimed)).toBe(true)
  expect(await store.updateRun(crossCommit(claimed, { ...lease, again: false }))).toBe(true)
  for (;;) {
    const run = await idle.call(`/v1/runs/${json.runId}`)
    if (run.json.status === 'outcome_unknown') return json.runId
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** Twice a worker took it and was never heard of again. */
async function killerRun(id: string): Promise<string> {
  const { store } = idle.parts
  const accepted = () => action('slowly_once', { headers: { 'idempotency-key': id, prefer: 'respond-async' } }, idle)
  let { json, status } = await accepted()
  // The calls of another test may have used up the rate of the key for a moment.
  for (; status === 429; { json, status } = await accepted()) await new Promise(resolve => setTimeout(resolve, 200))
  for (;;) {
    const run = await store.getRun(json.runId)
    if (run === undefined || run.status === 'failed') return json.runId
    if (run.status === 'queued') await store.updateRun(claim(run, { worker: 'gone', now: store.now(), leaseMs: 1 }))
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** An answer that was read off the socket. */
function parsed(raw: string): Answer {
  const [head = '', text = ''] = raw.split('\r\n\r\n')
  const headers = new Headers(
    head
      .split('\r\n')
      .slice(1)
      .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as [string, string])
  )
  return { status: statusOf(raw), headers, text, json: JSON.parse(text) }
}

/** What must be done for each code; the compiler sees that none is forgotten. */
const provoke: Record<ErrorCode, () => Promise<Answer>> = {
  malformed_json: () => action('demo_echo', { raw: '{"text":' }),
  invalid_request: () => action('demo_echo', { body: { text: 'x' }, headers: { prefer: 'wait=soon', 'x-request-timeout': 'soon' } }),
  idempotency_key_required: () => action('demo_pay', { body: { to: { name: 'Ada' }, amount: 1 } }),
  session_required: () => action('wizard_begin'),
  unauthenticated: () => action('demo_echo', { authorization: 'Bearer rf_wrong' }),
  insufficient_scope: async () =>
    action('demo_pay', { body: { to: { name: 'Ada' }, amount: 1 }, authorization: await working.bearer(['demo:read']) }),
  registering_refused: () => idle.call('/v1/bots/new', { method: 'PUT', raw: cancelBot, headers: { 'content-type': 'application/yaml' } }),
  credential_refused: () => action('leak_mark'),
  callback_refused: () => action('demo_echo', { body: { text: 'x' }, headers: { 'callback-url': 'https://hooks.example/done' } }),
  callback_not_found: () => working.call('/v1/callbacks/cb_000000000000000000000_1'),
  callback_not_sendable: async () => {
    const { key } = await working.keys.create({ name: 'k', tenant: 'default', scopes: ['*'], callbacks: ['https://hooks.example/'] })
    const headers = { 'callback-url': 'https://hooks.example/done', prefer: 'respond-async' }
    const run = await action('slowly_read', { headers, authorization: `Bearer ${key}` })
    return working.call('/v1/callbacks', { body: { callbackId: `cb_${run.json.runId.slice(4)}_1` } })
  },
  secret_in_output: () => action('leak_say', { body: { text: `It is ${Buffer.from(password).toString('base64')}.` } }),
  version_changed: () => action('demo_echo', { body: { text: 'x' }, headers: { 'bot-version': '0'.repeat(64) } }),
  origin_not_allowed: () => working.call('/mcp', { body: {}, headers: { origin: 'https://elsewhere.example' } }),
  not_found: () => working.call('/v1/nothing'),
  action_not_found: () => action('demo_nothing'),
  run_not_found: () => working.call('/v1/runs/run_000000000000000000000'),
  bot_not_found: () => working.call('/v1/bots/nobody'),
  session_not_found: () => working.call('/v1/sessions/ses_0000000000000000'),
  artifact_not_found: async () => {
    const run = await action('demo_echo', { body: { text: 'x' } })
    return working.call(`/v1/runs/${run.headers.get('run-id')}/artifacts/screen.png`)
  },
  method_not_allowed: () => working.call('/v1/runs', { method: 'DELETE' }),
  not_acceptable: () => working.call('/v1/runs', { headers: { accept: 'text/csv' } }),
  not_cancellable: async () => {
    const run = await action('demo_echo', { body: { text: 'x' } })
    return working.call(`/v1/runs/${run.headers.get('run-id')}/cancel`, { method: 'POST' })
  },
  not_retryable: async () => working.call(`${await lostRun('retry-1')}/retry`, { method: 'POST' }),
  not_probeable: async () => {
    const run = await action('demo_echo', { body: { text: 'x' } })
    return working.call(`/v1/runs/${run.headers.get('run-id')}/probe`, { method: 'POST' })
  },
  not_resolvable: async () => {
    const run = await action('demo_echo', { body: { text: 'x' } })
    return working.call(`/v1/runs/${run.headers.get('run-id')}/resolve`, { body: { outcome: 'not_done' } })
  },
  session_busy: async () => {
    const session = await inSession()
    await action('wizard_begin', { headers: { ...session, prefer: 'respond-async' } })
    return action('wizard_begin', { headers: session })
  },
  screen_gone: async () => action('wizard_go_on', { headers: await inSession() }),
  not_resolvable_yet: async () => {
    const runId = await silentRun('silent')
    return idle.call(`/v1/runs/${runId}/resolve`, { body: { outcome: 'not_done' } })
  },
  key_expired: async () => {
    const request = { body: {}, ...key('short-lived') }
    const run = await action('slowly_once', request)
    for (;;) {
      const answer = await action('slowly_once', request)
      if (answer.status !== 200 || run.status !== 200) return answer
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  },
  bot_from_file: () => working.call('/v1/bots/slowly', { method: 'PUT', raw: cancelBot, headers: { 'content-type': 'application/yaml' } }),
  breaking_change: async () => {
    const put = (raw: string) => working.call('/v1/bots/changing', { method: 'PUT', raw, headers: { 'content-type': 'application/yaml' } })
    const first = cancelBot.replace('bot: slowly', 'bot: changing')
    await put(first)
    return put(first.replace('scopes: [demo:read]', 'scopes: [demo:look]'))
  },
  run_cancelled: async () => {
    const request = { body: {}, headers: { 'idempotency-key': 'cancel-me', prefer: 'respond-async' } }
    const run = await action('slowly_read', request)
    await working.call(`/v1/runs/${run.json.runId}/cancel`, { method: 'POST' })
    return action('slowly_read', request)
  },
  body_too_large: () => action('slowly_read', { body: { text: 'x'.repeat(3_000) } }, idle),
  uri_too_long: () => working.call(`/v1/runs?bot=${'x'.repeat(10_000)}`),
  unsupported_media_type: () => action('demo_echo', { headers: { 'content-type': 'text/plain' } }),
  invalid_input: () => action('demo_echo', { body: { text: 1 } }),
  idempotency_key_reused: async () => {
    await action('demo_echo', { body: { text: 'a' }, ...key('reused') })
    return action('demo_echo', { body: { text: 'b' }, ...key('reused') })
  },
  invalid_manifest: () =>
    working.call('/v1/bots/broken', { method: 'PUT', raw: 'bot: broken\n', headers: { 'content-type': 'application/yaml' } }),
  quota_exceeded: () => idle.call('/mcp', { headers: { accept: 'text/event-stream' } }),
  rate_limited: async () => {
    const all = await Promise.all(Array.from({ length: 60 }, () => idle.call('/v1/runs')))
    return all.find(({ status }) => status === 429) as Answer
  },
  expectation_failed: async () =>
    parsed(await rawHttp(working.url, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: x\r\nConnection: close\r\n\r\n')),
  headers_too_large: async () =>
    parsed(await rawHttp(working.url, `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`)),
  internal_error: async () => {
    // A mistake of our own: a method that throws what nobody expects.
    const { catalog } = working.engine
    const { action: lookUp } = catalog
    const throwing = () => {
      throw new TypeError('secret detail of a bug')
    }
    Object.assign(catalog, { action: throwing })
    const answer = await action('demo_echo', { body: { text: 'x' } })
    Object.assign(catalog, { action: lookUp })
    expect(answer.text).not.toContain('secret detail')
    return answer
  },
  target_failed: () => action('demo_broken', key('broken-1')),
  invalid_output: () => action('demo_odd'),
  worker_lost: async () => {
    await killerRun('killer-1')
    return action('slowly_once', key('killer-1'), idle)
  },
  outcome_unknown: () => action('demo_lost', key('lost-1')),
  queue_full: async () => {
    const waiting = { headers: { prefer: 'respond-async' } }
    await new Promise(resolve => setTimeout(resolve, 1_100))
    await action('slowly_read', waiting, idle)
    await action('slowly_read', waiting, idle)
    return action('slowly_read', waiting, idle)
  },
  screens_full: async () => {
    await action('narrow_begin', { headers: await inSession() })
    return action('narrow_begin', { headers: await inSession() })
  },
  circuit_open: async () => {
    const caller = { tenant: 'default', clientId: 'admin' }
    for (let i = 0; i < 1_000; i++) await working.parts.breakers.failed('demo', caller)
    const answer = await action('demo_echo', { body: { text: 'x' } })
    await working.parts.breakers.succeeded('demo', caller)
    return answer
  },
  not_ready: async () => {
    const other = await openGateway({ worker: false })
    await other.parts.store.close()
    const answer = await other.call('/readyz', { authorization: null })
    await other.closeServer()
    return answer
  },
  deadline_exceeded: async () => {
    // Its key is free as soon as it has failed, so that a second caller joins it before.
    for (let i = 0; ; i++) {
      const own = { 'idempotency-key': `late-${i}` }
      await action('slowly_read', { headers: { ...own, 'x-request-timeout': '1000', prefer: 'respond-async' } })
      const joined = await action('slowly_read', { headers: own })
      if (joined.status === 504) return joined
    }
  }
}

describe('every code of the table', () => {
  for (const [code, act] of Object.entries(provoke) as [ErrorCode, () => Promise<Answer>][]) {
    const { status, title } = errorKinds[code]
    test(`${status} ${code}`, async () => {
      const answer = await act()
      expect({ status: answer.status, code: answer.json?.code }).toEqual({ status, code })
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(answer.json).toMatchObject({
        type: `urn:retrofit:problem:${code}`,
        title,
        status,
        detail: expect.any(String),
        retryable: expect.any(Boolean),
        effect: expect.any(String),
        hint: expect.stringMatching(/\w/)
      })
      if (status === 429 || status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
      if (status === 405) expect(answer.headers.get('allow')).toContain('GET')
    })
  }
})
