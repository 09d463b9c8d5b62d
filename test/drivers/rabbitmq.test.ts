import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import amqp, { type ChannelModel } from 'amqplib'
import type { Delivery, Message, Queue } from '../../src/core/ports.ts'
import { openRabbitQueue } from '../../src/drivers/rabbitmq/queue.ts'
import { aBot, aMessage, times } from '../contract/fixtures.ts'
import { type RabbitServer, startRabbit } from '../setup/services.ts'
import { until } from '../setup/until.ts'
import { guards } from './rabbitmq-guards.ts'
import { startProxy, type TcpProxy } from './tcp-proxy.ts'
import { identity } from './tls-cases.ts'

let server: RabbitServer
let proxy: TcpProxy
let admin: ChannelModel

beforeAll(async () => {
  server = await startRabbit({ tls: identity })
  proxy = await startProxy(server.port)
  admin = await amqp.connect(server.url)
  admin.on('error', () => {})
})

afterAll(async () => {
  await admin.close().catch(() => {})
  await proxy.close()
  await server.stop()
})

/** Without a limit of the driver's own nothing would ever answer. */
const patienceMs = 60_000
/** Long enough for a broker on a busy machine to confirm what it has. */
const confirmTimeoutMs = 5_000
const throughProxy = () => openRabbitQueue({ url: `amqp://guest:guest@127.0.0.1:${proxy.port}`, confirmTimeoutMs })

/** A queue behind the proxy and what it delivers. */
async function withQueue(work: (queue: Queue) => Promise<void>): Promise<void> {
  const queue = await throughProxy()
  try {
    await work(queue)
  } finally {
    proxy.resume()
    await queue.close()
  }
}

async function record(queue: Queue, bot: string, handle: (delivery: Delivery) => Promise<void> = async () => {}, concurrency = 10) {
  const messages: Message[] = []
  const consumer = await queue.consume(
    async delivery => {
      messages.push(delivery.message)
      await handle(delivery)
    },
    { concurrency: () => concurrency }
  )
  await consumer.serve([bot])
  return { consumer, messages }
}

/** Runs `rabbitmqctl` on our broker, which only its own environment knows how to reach. */
function control(...args: readonly string[]): void {
  const lines = readFileSync(`/proc/${server.pid}/environ`, 'utf8').split('\0')
  const env = Object.fromEntries(lines.filter(Boolean).map(line => line.split(/=(.*)/s).slice(0, 2)))
  execFileSync('/usr/lib/rabbitmq/bin/rabbitmqctl', ['-n', env.RABBITMQ_NODENAME, ...args], { env })
}

const idsOf = (messages: readonly Message[]) => [...new Set(messages.map(({ runId }) => runId))].sort()
const settles = (work: () => Promise<unknown>) =>
  work().then(
    () => true,
    () => false
  )

describe('a queue without its data, as a broker that was killed at the wrong moment leaves it', () => {
  test('can be declared and never answers: it is made anew, and messages are delivered again', () =>
    withQueue(async queue => {
      const bot = aBot()
      const first = aMessage(bot)
      await queue.publish(first)
      control('eval', `ra:force_delete_server(quorum_queues, {'%2F_retrofit.${bot}', node()}).`)
      expect(await settles(() => queue.publish(aMessage(bot)))).toBe(false)
      const got = await record(queue, bot)
      const later = aMessage(bot)
      await until('it takes a message', () => settles(() => queue.publish(later)))
      await until('it delivers it', () => got.messages.some(({ runId }) => runId === later.runId))
      // Gone with the data; the ledger's sweep tells of it again.
      expect(idsOf(got.messages)).not.toContain(first.runId)
    }))
})

describe('a connection that is cut', () => {
  test('comes back by itself: what was confirmed is delivered, and later messages too', () =>
    withQueue(async queue => {
      const bot = aBot()
      const got = await record(queue, bot, ({ ack }) => ack())
      const confirmed: Message[] = []
      for (let i = 0; i < 60; i++) {
        if (i % 20 === 10) proxy.cut()
        const message = aMessage(bot)
        if (await settles(() => queue.publish(message))) confirmed.push(message)
      }
      expect(confirmed.length).toBeGreaterThan(30)
      await until('every confirmed message', () => idsOf(confirmed).every(id => got.messages.some(({ runId }) => runId === id)))
      await queue.ready()
    }))

  test('a delivery from before the cut acks no message from after it', () =>
    withQueue(async queue => {
      const bot = aBot()
      const before = Promise.withResolvers<void>()
      const never = Promise.withResolvers<void>()
      let cuts = 0
      const got = await record(queue, bot, async ({ ack }) => {
        await [before.promise, never.promise][cuts]
        await ack()
      })
      const published = [aMessage(bot), aMessage(bot)]
      for (const message of published) await queue.publish(message)
      await until('both', () => got.messages.length === 2)
      cuts = 1
      proxy.cut()
      await until('both again', () => got.messages.length === 4)
      // The delivery tags of the two channels are the same, 1 and 2: an ack on the wrong one would settle both messages.
      before.resolve()
      await sleep(200)
      cuts = 2
      proxy.cut()
      await until('both for the third time', () => got.messages.length === 6)
      expect(idsOf(got.messages.slice(4))).toEqual(idsOf(published))
      never.resolve()
    }))

  test('one that hangs rejects in time, and works again when it flows', () =>
    withQueue(async queue => {
      const bot = aBot()
      await queue.publish(aMessage(bot))
      proxy.pause()
      const begun = Date.now()
      expect(await Promise.all([settles(() => queue.publish(aMessage(bot))), settles(() => queue.ready())])).toEqual([false, false])
      expect(Date.now() - begun).toBeLessThan(patienceMs)
      proxy.resume()
      await until('ready', () => settles(() => queue.ready()))
      await queue.publish(aMessage(bot))
    }))
})

describe('queues', () => {
  test('one that was deleted is declared again, by the publisher and by the consumer', () =>
    withQueue(async queue => {
      const bot = aBot()
      await queue.publish(aMessage(bot))
      const channel = await admin.createChannel()
      await channel.deleteQueue(`retrofit.${bot}`)
      await queue.publish(aMessage(bot))
      expect((await channel.checkQueue(`retrofit.${bot}`)).messageCount).toBe(1)
      const got = await record(queue, bot)
      await until('the message', () => got.messages.length === 1)
      await channel.deleteQueue(`retrofit.${bot}`)
      await queue.publish(aMessage(bot))
      await until('the consumer', () => got.messages.length === 2)
      await channel.close()
    }))

  test('one of other settings is refused by name, and does not harm the other bots', () =>
    withQueue(async queue => {
      const [bot, other] = [aBot(), aBot()]
      const channel = await admin.createChannel()
      await channel.assertQueue(`retrofit.${bot}`, { durable: false, autoDelete: true })
      await Promise.all([
        expect(queue.publish(aMessage(bot))).rejects.toThrow(`retrofit.${bot}`),
        ...times(5, () => queue.publish(aMessage(other)))
      ])
      await queue.publish(aMessage(other))
      await channel.deleteQueue(`retrofit.${bot}`)
      await queue.publish(aMessage(bot))
      await channel.close()
    }))

  test('depth does not make a queue', () =>
    withQueue(async queue => {
      const bot = aBot()
      expect(await queue.depth(bot)).toEqual({ messages: 0 })
      const channel = await admin.createChannel()
      channel.on('error', () => {})
      await expect(channel.checkQueue(`retrofit.${bot}`)).rejects.toThrow('404')
    }))
})

describe('dead letters', () => {
  const deadLetters = async (bodies: readonly string[]) => {
    const channel = await admin.createChannel()
    const found: string[] = []
    await until('the dead letters', async () => {
      const letter = await channel.get('retrofit-dead', { noAck: true })
      if (letter) found.push(letter.content.toString())
      return bodies.every(body => found.includes(body))
    })
    await channel.close()
  }

  test('malformed messages go there, and the consumer goes on', () =>
    withQueue(async queue => {
      const bot = aBot()
      const got = await record(queue, bot)
      const bodies = ['{', '', 'null', '[]', '{"runId":1}', `{"runId":"r","bot":"${bot}"}`, '\xff\xfe']
      const channel = await admin.createConfirmChannel()
      for (const body of bodies) channel.sendToQueue(`retrofit.${bot}`, Buffer.from(body))
      await channel.waitForConfirms()
      const good = aMessage(bot)
      await queue.publish(good)
      await until('the good one', () => got.messages.length === 1)
      expect(got.messages).toEqual([good])
      await deadLetters(bodies)
      await channel.close()
    }))

  test('so does what handlers fail on again and again', () =>
    withQueue(async queue => {
      const bot = aBot()
      const message = aMessage(bot)
      const got = await record(queue, bot, async () => {
        throw new Error('Always')
      })
      const channel = await admin.createChannel()
      channel.sendToQueue(`retrofit.${bot}`, Buffer.from(JSON.stringify(message)), { headers: { 'retrofit-failures': 18 } })
      await deadLetters([JSON.stringify(message)])
      expect(got.messages).toHaveLength(2)
      await channel.close()
    }))
})

describe('a busy consumer', () => {
  test('takes no message that another could begin, also after it has acked', () =>
    withQueue(async queue => {
      const bot = aBot()
      const done = Promise.withResolvers<void>()
      const busy = await record(queue, bot, ({ ack }) => ack().then(() => done.promise), 1)
      await queue.publish(aMessage(bot))
      await until('the first', () => busy.messages.length === 1)
      const idle = await record(queue, bot, ({ ack }) => ack(), 1)
      for (const message of times(6, () => aMessage(bot))) await queue.publish(message)
      await until('the others', () => idle.messages.length === 6)
      done.resolve()
    }))
})

describe('the broker', () => {
  test('out of memory: publish rejects in time and nothing is ready, until it has some again', () =>
    withQueue(async queue => {
      const bot = aBot()
      await queue.publish(aMessage(bot))
      control('set_vm_memory_high_watermark', '0.0001')
      const begun = Date.now()
      await until('the alarm', async () => !(await settles(() => queue.ready())))
      expect(await settles(() => queue.publish(aMessage(bot)))).toBe(false)
      await expect(queue.ready()).rejects.toThrow('memory')
      expect(Date.now() - begun).toBeLessThan(patienceMs)
      control('set_vm_memory_high_watermark', '0.6')
      await until('ready', () => settles(() => queue.ready()))
      await queue.publish(aMessage(bot))
    }))

  test('killed: publish and ready reject in time; started again: all goes on without a restart here', () =>
    withQueue(async queue => {
      const bot = aBot()
      const got = await record(queue, bot, ({ ack }) => ack())
      const early = aMessage(bot)
      await queue.publish(early)
      await until('the early one', () => got.messages.length === 1)
      // A broker that is killed forgets a quorum queue younger than its last save (about a second).
      await sleep(2000)
      await server.kill()
      const begun = Date.now()
      expect(await Promise.all([settles(() => queue.publish(aMessage(bot))), settles(() => queue.ready())])).toEqual([false, false])
      expect(Date.now() - begun).toBeLessThan(patienceMs)
      await server.restart()
      await until('ready', () => settles(() => queue.ready()))
      const late = aMessage(bot)
      await until('a publish', () => settles(() => queue.publish(late)))
      await until('the late one', () => got.messages.some(({ runId }) => runId === late.runId))
    }))

  test('none at all is said at the start, with its address and without its password', async () => {
    const opening = openRabbitQueue({ url: 'amqp://guest:hush@127.0.0.1:1' })
    await expect(opening).rejects.toThrow('RabbitMQ at 127.0.0.1:1 can not be reached')
    await expect(opening).rejects.not.toThrow('hush')
  })
})

guards(() => server)
