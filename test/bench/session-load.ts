/**
 * Conversations with think time, as a process of its own: `URL SESSIONS THINK_MS SECONDS KEY` → one JSON line. Each has a session
 * and a connection that it keeps, and takes turns: what the session knows for the prompt, then an action, of which every second one
 * needs no account number. A turn's time is that of both requests.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'undici'

const [url = '', sessions = '1', think = '1000', seconds = '5', key = ''] = process.argv.slice(2)
const [count, thinkMs, forMs] = [Number(sessions), Number(think), Number(seconds) * 1_000]
const openedAtOnce = 64
const authorization = `Bearer ${key}`
const latencies: number[] = []
const failures = new Map<string, number>()

interface Conversation {
  readonly client: Client
  readonly id: string
  readonly account: string
  turns: number
}

async function send(
  client: Client,
  path: string,
  { session, ...request }: { method: 'GET' | 'POST'; session?: string; body?: object }
): Promise<unknown> {
  const { statusCode, body } = await client.request({
    path,
    method: request.method,
    headers: { authorization, 'content-type': 'application/json', ...(session === undefined ? {} : { 'session-id': session }) },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) })
  })
  const text = await body.text()
  if (statusCode >= 300) throw new Error(`${statusCode} ${text.slice(0, 200)}`)
  return JSON.parse(text)
}

async function open(index: number): Promise<Conversation> {
  const client = new Client(url, { keepAliveTimeout: 120_000, keepAliveMaxTimeout: 120_000 })
  const { sessionId } = (await send(client, '/v1/sessions', { method: 'POST', body: {} })) as { sessionId: string }
  const conversation = { client, id: sessionId, account: String(40_000_000 + index), turns: 0 }
  await turn(conversation)
  return conversation
}

/** The first of two asks for the balance, the second disputes an entry of it. */
async function turn(conversation: Conversation): Promise<void> {
  const { client, id, account } = conversation
  const isFirst = conversation.turns++ % 2 === 0
  await send(client, `/v1/sessions/${id}?view=context`, { method: 'GET' })
  const answer = await send(client, `/v1/actions/voice_${isFirst ? 'get_balance' : 'dispute_transaction'}`, {
    method: 'POST',
    session: id,
    body: isFirst ? { account } : { transaction: `${process.pid}-${conversation.turns}` }
  })
  if (!isFirst && (answer as { case_number?: string }).case_number !== `DC${account}`) throw new Error('the session filled another account')
}

/** From when on turns count: everybody is there. */
let allThereAt = Number.POSITIVE_INFINITY

/** Who is there converses while others come: a connection that nobody uses for minutes is closed. */
async function converse(conversation: Conversation): Promise<void> {
  await sleep(Math.random() * thinkMs)
  while (performance.now() < allThereAt + forMs) {
    const begun = performance.now()
    try {
      await turn(conversation)
      if (begun >= allThereAt) latencies.push(performance.now() - begun)
    } catch (error) {
      const said = String((error as Error).message)
      failures.set(said, (failures.get(said) ?? 0) + 1)
    }
    await sleep(thinkMs * (0.75 + Math.random() / 2))
  }
}

const conversations: Promise<void>[] = []
const clients: Client[] = []
for (let first = 0; first < count; first += openedAtOnce) {
  const some = await Promise.all(Array.from({ length: Math.min(openedAtOnce, count - first) }, (_, i) => open(first + i)))
  clients.push(...some.map(({ client }) => client))
  conversations.push(...some.map(converse))
}
allThereAt = performance.now()
await Promise.all(conversations)
const ms = performance.now() - allThereAt
await Promise.all(clients.map(client => client.destroy()))
latencies.sort((a, b) => a - b)
const percentile = (share: number): number =>
  Math.round((latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0) * 10) / 10
console.log(
  JSON.stringify({
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
    turns: latencies.length,
    perSecond: Math.round((latencies.length / ms) * 1_000),
    failures: Object.fromEntries(failures)
  })
)
