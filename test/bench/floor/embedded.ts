/** The embedded hop by hand, in one process: express, ajv, SQLite with `synchronous=FULL`, the writes of one event-loop turn in one commit. */
import { createHash, randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { Ajv2020 } from 'ajv/dist/2020.js'
import express from 'express'
import { inputSchema } from './common.ts'

const { PORT = '0', DB = 'floor.sqlite' } = process.env
const db = new DatabaseSync(DB)
db.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000;
  CREATE TABLE IF NOT EXISTS ledger(key TEXT PRIMARY KEY, run TEXT NOT NULL, fp TEXT NOT NULL, state INTEGER NOT NULL, result TEXT, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS queue(id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, run TEXT NOT NULL, payload TEXT NOT NULL, lease INTEGER);
  CREATE INDEX IF NOT EXISTS queue_free ON queue(id) WHERE lease IS NULL;`)
const statements = {
  claim: db.prepare('INSERT INTO ledger(key,run,fp,state,at) VALUES(?,?,?,0,?) ON CONFLICT DO NOTHING'),
  enqueue: db.prepare('INSERT INTO queue(key,run,payload) VALUES(?,?,?)'),
  take: db.prepare(
    'UPDATE queue SET lease=? WHERE id IN (SELECT id FROM queue WHERE lease IS NULL ORDER BY id LIMIT ?) RETURNING id,key,run,payload'
  ),
  remove: db.prepare('DELETE FROM queue WHERE id=?'),
  done: db.prepare('UPDATE ledger SET state=1,result=? WHERE key=? AND run=? AND state=0')
}
interface Job {
  readonly id: number
  readonly key: string
  readonly run: string
  readonly payload: string
}
type Operation = { readonly work: () => unknown; readonly resolve: (value: unknown) => void }
let pending: Operation[] | undefined

/** All operations of this turn in one transaction; each resolves after the commit. */
function grouped<T>(work: () => T): Promise<T> {
  return new Promise<T>(resolve => {
    if (pending === undefined) {
      pending = []
      setImmediate(flush)
    }
    pending.push({ work, resolve: resolve as (value: unknown) => void })
  })
}

function flush(): void {
  const batch = pending ?? []
  pending = undefined
  db.exec('BEGIN IMMEDIATE')
  const values = batch.map(({ work }) => work())
  db.exec('COMMIT')
  for (const [index, { resolve }] of batch.entries()) resolve(values[index])
}

const waiting = new Map<string, (result: string) => void>()
let awake = false
async function drain(): Promise<void> {
  for (;;) {
    const jobs = (await grouped(() => statements.take.all(Date.now() + 60_000, 64))) as unknown as Job[]
    if (jobs.length === 0) {
      awake = false
      return
    }
    for (const job of jobs) void settle(job)
  }
}
async function settle(job: Job): Promise<void> {
  const result = JSON.stringify(JSON.parse(job.payload))
  await grouped(() => {
    statements.remove.run(job.id)
    statements.done.run(result, job.key, job.run)
  })
  waiting.get(job.run)?.(result)
  waiting.delete(job.run)
}

const boot = randomBytes(6).toString('hex')
let count = 0
const valid = new Ajv2020().compile(inputSchema)
const app = express()
app.disable('x-powered-by')
app.set('etag', false)
app.use(express.json())
app.post('/v1/actions/:action', async (request, response) => {
  const send = (status: number, body: string) => {
    response.statusCode = status
    response.setHeader('content-type', 'application/json')
    response.end(body)
  }
  const idempotencyKey = request.headers['idempotency-key']
  if (typeof idempotencyKey !== 'string') return send(400, '{}')
  if (!valid(request.body)) return send(400, JSON.stringify({ error: valid.errors }))
  const payload = JSON.stringify(request.body)
  const run = boot + String(count++).padStart(10, '0')
  const fingerprint = createHash('sha256').update(payload).digest('base64url')
  const key = `${request.params.action}:${idempotencyKey}`
  const result = new Promise<string>(resolve => waiting.set(run, resolve))
  const isNew = await grouped(() => {
    if (statements.claim.run(key, run, fingerprint, Date.now()).changes === 0) return false
    statements.enqueue.run(key, run, payload)
    return true
  })
  if (!isNew) return send(409, '{}')
  if (!awake) {
    awake = true
    void drain()
  }
  send(200, await result)
})
const server = app.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(`READY http://127.0.0.1:${address.port}`)
})
process.once('SIGTERM', () => process.exit(0))
