import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import amqp from 'amqplib'
import { Redis } from 'ioredis'
import { isRunning } from './e2e/processes.ts'
import { startRedis } from './setup/services.ts'
import { until } from './setup/until.ts'

test('a Redis keeps what it answered for through kill -9, and leaves nothing behind', async () => {
  const server = await startRedis()
  const redis = new Redis(server.url)
  redis.on('error', () => {})
  await redis.set('key', 'value')
  const before = server.pid
  await server.kill()
  expect(isRunning(before)).toBe(false)
  await server.restart()
  expect(await redis.get('key')).toBe('value')
  redis.disconnect()
  const after = server.pid
  await server.stop()
  expect([isRunning(after), existsSync(server.dir)]).toEqual([false, false])
})

test('the servers end with the process that started them, also when it is killed', async () => {
  const script = `import { startRedis } from '${join(import.meta.dirname, 'setup/redis.ts')}'
    const { pid, dir } = await startRedis()
    process.stdout.write(JSON.stringify({ pid, dir }), () => process.kill(process.pid, 'SIGKILL'))`
  const killed = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]).catch(error => error)
  const { pid, dir } = JSON.parse(killed.stdout)
  expect(killed.signal).toBe('SIGKILL')
  await until('its folder and its process are gone', () => !existsSync(dir) && !isRunning(pid))
})

test('the whole run shares one Redis and one RabbitMQ', async () => {
  const { TEST_REDIS_URL = '', TEST_RABBITMQ_URL = '' } = process.env
  const redis = new Redis(TEST_REDIS_URL)
  expect(await redis.config('GET', 'appendfsync')).toEqual(['appendfsync', 'always'])
  redis.disconnect()
  const connection = await amqp.connect(TEST_RABBITMQ_URL)
  const channel = await connection.createChannel()
  const { queue } = await channel.assertQueue('services.test.quorum', { durable: true, arguments: { 'x-queue-type': 'quorum' } })
  expect(queue).toBe('services.test.quorum')
  await channel.deleteQueue(queue)
  await connection.close()
})
