import { expect, test } from '@jest/globals'
import { readSettings } from '../src/config.ts'
import { openNetworks } from '../src/open-networks.ts'

test.each([
  ['redis://127.0.0.1:6379', 'amqp://guest:guest@localhost', []],
  ['redis://[::1]:6379', 'amqp://127.8.8.8', []],
  ['/var/run/redis.sock', 'amqp://localhost', []],
  ['', '', []],
  ['rediss://:hush@redis.bank.example', 'amqps://u:hush@mq.bank.example', []],
  [
    'redis://:hush@redis.bank.example',
    'amqps://u:hush@mq.bank.example',
    ['Redis at redis.bank.example is reached without TLS (rediss://)']
  ],
  ['rediss://redis.bank.example:7000', 'amqp://localhost', ['Redis at redis.bank.example:7000 is reached without a password']],
  [
    'redis://127.evil.example',
    'amqp://10.0.0.7',
    ['Redis at 127.evil.example is reached without TLS (rediss://) and without a password', 'RabbitMQ at 10.0.0.7 is reached without TLS']
  ]
])('%s and %s', (REDIS_URL, RABBITMQ_URL, warnings) => {
  const told = openNetworks({ REDIS_URL, RABBITMQ_URL })
  expect(told).toEqual(warnings.map(warning => expect.stringContaining(warning)))
  expect(told.join()).not.toContain('hush')
})

test('a CA belongs to an address with TLS', () => {
  const urls = { REDIS_URL: 'redis://r', RABBITMQ_URL: 'amqp://r', REDIS_CA: '/ca.pem', RABBITMQ_CA: '/ca.pem' }
  expect(() => readSettings(urls)).toThrow(/REDIS_CA needs a REDIS_URL with rediss[\s\S]*|RABBITMQ_CA needs/)
})
