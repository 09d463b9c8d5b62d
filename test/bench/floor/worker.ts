/** Takes a message, does nothing, settles in Redis, replies, acks. */
import amqp from 'amqplib'
import { Redis } from 'ioredis'
import { queueArguments, queueName, settleScript, ttlMs } from './common.ts'

const { REDIS_URL = '', RABBITMQ_URL = '' } = process.env
const redis = new Redis(REDIS_URL)
const connection = await amqp.connect(RABBITMQ_URL, { noDelay: true })
const channel = await connection.createChannel()
await channel.assertQueue(queueName, queueArguments)
await channel.prefetch(256)
await channel.consume(queueName, async message => {
  if (message === null) return
  const { run, key, fingerprint, input } = JSON.parse(message.content.toString())
  const result = JSON.stringify(input)
  await redis.eval(settleScript, 1, key, `${run}|`, `${run}|${fingerprint}|done|${result}`, ttlMs)
  channel.publish('', message.properties.replyTo, Buffer.from(result), { correlationId: message.properties.correlationId })
  channel.ack(message)
})
console.log('READY')
process.once('SIGTERM', () => process.exit(0))
