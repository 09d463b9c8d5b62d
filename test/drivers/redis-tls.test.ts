import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from '@jest/globals'
import { openRedisStore } from '../../src/drivers/redis/store.ts'
import { newServerDir } from '../setup/child-server.ts'
import { freePort } from '../setup/free-port.ts'
import { type ChildServer, startRedis } from '../setup/services.ts'
import { identity, tlsCases } from './tls-cases.ts'

let server: ChildServer
let port: number

beforeAll(async () => {
  port = await freePort()
  const dir = newServerDir('redis-tls')
  const [certificate, key] = [join(dir, 'certificate.pem'), join(dir, 'key.pem')]
  writeFileSync(certificate, identity.certificate)
  writeFileSync(key, identity.key)
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate]
  server = await startRedis({ dir, extra: ['--tls-port', `${port}`, '--tls-auth-clients', 'no', ...files] })
})
afterAll(() => server.stop())

describe('Redis with TLS', () => {
  tlsCases({
    setting: 'REDIS_CA',
    url: host => `rediss://${host}:${port}`,
    use: async options => {
      const store = await openRedisStore(options)
      await store.ready()
      await store.close()
    }
  })
})
