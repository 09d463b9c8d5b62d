/** `retrofit callbacks`: the messages about the ends of runs, on a running gateway. */
import { UsageError } from '../cli.ts'
import { plainJson } from '../core/plain-text.ts'
import { spoken } from './call.ts'
import { type Client, createClient } from './client.ts'
import { printTable } from './print.ts'

type Flags = Readonly<Record<string, unknown>>

interface Callback {
  readonly callbackId: string
  readonly action: string
  readonly runStatus: string
  readonly address: string
  readonly state: string
  readonly tries: number
  readonly nextAt?: string
  readonly log: readonly { readonly status?: number; readonly error?: string }[]
}

interface Page {
  readonly callbacks: readonly Callback[]
  readonly next: string | null
}

export async function listCallbacks(flags: Flags): Promise<number> {
  const callbacks = await all(createClient(flags), flags, most(flags))
  if (flags.json) process.stdout.write(`${plainJson(callbacks)}\n`)
  else
    printTable(
      ['id', 'action', 'run', 'state', 'tries', 'last', 'next', 'address'],
      callbacks.map(one => [
        one.callbackId,
        one.action,
        one.runStatus,
        one.state,
        String(one.tries),
        lastOf(one),
        one.nextAt ?? '',
        one.address
      ])
    )
  return 0
}

const lastOf = ({ log }: Callback): string => String(log.at(-1)?.status ?? log.at(-1)?.error ?? '')

function most({ limit }: Flags): number {
  const count = Number(limit)
  if (!Number.isInteger(count) || count < 1) throw new UsageError('--limit: write a number from 1')
  return count
}

/** Newest first. */
async function all(client: Client, { state }: Flags, limit: number): Promise<readonly Callback[]> {
  const found: Callback[] = []
  for (let cursor: string | null | undefined; cursor !== null && found.length < limit; ) {
    const query = new URLSearchParams({ limit: String(Math.min(100, limit - found.length)) })
    if (typeof state === 'string') query.set('state', state)
    if (cursor !== undefined) query.set('cursor', cursor)
    const page = good<Page>(await client('GET', `/v1/callbacks?${query}`))
    found.push(...page.callbacks)
    cursor = page.next
  }
  return found.slice(0, limit)
}

/** What was named, or with `--failed` all that were given up. Exits with 1 when one of them can not be sent. */
export async function resendCallbacks(ids: readonly string[], flags: Flags): Promise<number> {
  const client = createClient(flags)
  if (ids.length === 0 && flags.failed !== true)
    throw new UsageError('Name the callbacks, or write --failed; retrofit callbacks list shows them.')
  const named = flags.failed === true ? (await all(client, { state: 'failed' }, Number.MAX_SAFE_INTEGER)).map(one => one.callbackId) : []
  let refused = 0
  for (const callbackId of [...ids, ...named]) {
    const answer = await client('POST', '/v1/callbacks', { body: JSON.stringify({ callbackId }) })
    if (answer.status !== 202) refused++
    const { detail = '' } = JSON.parse(answer.text) as { detail?: string }
    process.stderr.write(`${callbackId}: ${answer.status === 202 ? 'is sent again' : detail}\n`)
  }
  return refused === 0 ? 0 : 1
}

function good<T>({ status, text }: { readonly status: number; readonly text: string }): T {
  const body = JSON.parse(text)
  if (status !== 200) throw new UsageError(plainJson(spoken(body, Number.NaN), 2))
  return body as T
}
