/** Manifests to bend: a good one, and what is wrong with a bad one. */
import { loadAdapters } from '../../adapters/index.ts'
import type { Adapter } from '../../src/index.ts'
import { type LoadResult, loadManifest } from '../../src/manifest/load.ts'

export const adapters: Readonly<Record<string, Adapter>> = await loadAdapters({}, ['echo'])

const environment: Readonly<Record<string, string>> = {
  ECHO_URL: 'http://127.0.0.1:9/echo',
  ECHO_LEDGER: '/tmp/echo.ledger.jsonl',
  BAD_URL: 'ftp://files.example',
  LOGIN_URL: 'https://me:hunter2@portal.example'
}

export const env = (key: string): string | undefined => environment[key]

export const load = (source: string, name?: string): Promise<LoadResult> =>
  loadManifest(source, {
    file: 'bots/echo/bot.yaml',
    adapters,
    env,
    targetOrigins: ['http://127.0.0.1:9'],
    ...(name === undefined ? {} : { name })
  })

export const good = `# yaml-language-server: $schema=../../openapi/bot.schema.json
bot: echo
version: 1.0.0
title: Echo
owner: platform@bank.example
adapter: echo
env: [ECHO_URL, ECHO_LEDGER]
target:
  url: "{{ env.ECHO_URL }}"
  credentials: echo
  concurrency: 4
  ledger: "{{ env.ECHO_LEDGER }}"
actions:
  say:
    title: Say it again
    description: Answers its input.
    effect: read
    scopes: [echo:read]
    input:
      type: object
      required: [text]
      additionalProperties: false
      properties:
        text: { type: string, pattern: "^[a-z ]*$", description: Any text }
    output: { type: object }
    example: { text: hello }
    errors:
      too_loud: { status: 422, title: Too loud, hint: Say it in small letters. }
  book:
    title: Book once
    description: Appends one line to a ledger.
    effect: write
    scopes: [echo:write]
    input:
      type: object
      required: [reference]
      additionalProperties: false
      properties:
        reference: { type: string, x-sensitive: pii }
        amount: { type: number }
    output: { type: object }
    example: { reference: A1 }
    idempotency: { key: [reference], ttl: 30d }
    retry: { attempts: 5, backoff: 10ms, maxBackoff: 1s }
    timeouts: { queue: 2m, run: 90s }
    settle: 250ms
    commit: true
    probe: {}
    result: { confirmation: "{{ run.reference }}" }
`
