/** Warns of a ledger or queue that others can reach or read on the way. */
import type { Settings } from './config.ts'

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

interface Service {
  readonly name: string
  readonly setting: 'REDIS_URL' | 'RABBITMQ_URL'
  readonly secure: string
}

const services: readonly Service[] = [
  { name: 'Redis', setting: 'REDIS_URL', secure: 'rediss:' },
  { name: 'RabbitMQ', setting: 'RABBITMQ_URL', secure: 'amqps:' }
]

/** One text for each service that is neither on loopback nor behind TLS and a password. */
export const openNetworks = (settings: Pick<Settings, Service['setting']>): readonly string[] =>
  services.flatMap(service => openTo(service, settings[service.setting]))

function openTo({ name, setting, secure }: Service, url: string): readonly string[] {
  // A socket on this machine has no host.
  if (!URL.canParse(url)) return []
  const { protocol, hostname, host, password } = new URL(url)
  if (hostname === '' || loopback.test(hostname)) return []
  const lacks = [...(protocol === secure ? [] : [`TLS (${secure}//)`]), ...(password === '' ? ['a password'] : [])]
  if (lacks.length === 0) return []
  const danger = 'who is on its network can read runs and keep them from being done'
  return [
    `${name} at ${host} is reached without ${lacks.join(' and without ')}: ${danger}. Correct ${setting}, or keep that network to yourself.`
  ]
}
