/** The shortest honest program that does the distributed hop by hand: claim in Redis, publish, wait for the reply. The limit that we measure against. */
import { createHash, randomBytes } from 'node:crypto'
import { Ajv2020 } from 'ajv/dist/2020.js'
import amqp from 'amqplib'
import express from 'express'
import { Redis } from 'ioredis'
import { claimScript, inputSchema, queueArguments, queueName, replyQueue, ttlMs } from './common.ts'

const { PORT = '0', REDIS_URL = '', RABBITMQ_URL = '' } = process.env
const redis = new Redis(REDIS_URL)
const connection = await amqp.connect(RABBITMQ_URL, { noDelay: true })
const channel = await connection.createConfirmChannel()
await channel.assertQueue(queueName, queueArguments)

const waiting = new Map<string, (content: Buffer) => void>()
await channel.consume(
  replyQueue,
  message => {
    const id = message?.properties.correlationId as string
    waiting.get(id)?.(message?.content ?? Buffer.alloc(0))
    waiting.delete(id)
  },
  { noAck: true }
)

const boot = randomBytes(6).toString('hex')
let count = 0
const valid = new Ajv2020().compile(inputSchema)
const app = express()
app.disable('x-powered-by')
app.set('etag', false)
app.use(express.json({ limit: '256kb' }))
app.post('/v1/actions/:action', async (request, response) => {
  const send = (status: number, body: string | Buffer) => {
    response.statusCode = status
    response.setHeader('content-type', 'application/json')
    response.end(body)
  }
  const idempotencyKey = request.headers['idempotency-key']
  if (typeof idempotencyKey !== 'string' || idempotencyKey.length > 255) return send(400, '{"error":"Idempotency-Key missing"}')
  if (!valid(request.body)) return send(400, JSON.stringify({ error: valid.errors }))
  const run = boot + String(count++).padStart(10, '0')
  const fingerprint = createHash('sha256').update(JSON.stringify(request.body)).digest('base64url')
  const key = `floor:${request.params.action}:${idempotencyKey}`
  const claimed = await redis.eval(claimScript, 1, key, `${run}|${fingerprint}|claimed|`, ttlMs)
  if (claimed !== 1) return send(409, '{"error":"known"}')
  const reply = new Promise<Buffer>(resolve => waiting.set(run, resolve))
  const message = { run, key, fingerprint, input: request.body }
  channel.publish('', queueName, Buffer.from(JSON.stringify(message)), { persistent: true, correlationId: run, replyTo: replyQueue })
  send(200, await reply)
})
const server = app.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(`READY http://127.0.0.1:${address.port}`)
})
process.once('SIGTERM', () => process.exit(0))
