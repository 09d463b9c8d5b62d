import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const ignored = ['node_modules', '.git', '.tools', '.retrofit', 'test']

describe('docker/Dockerfile', () => {
  const instructions = read('docker/Dockerfile')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter(line => /^[A-Z]+ /.test(line))
  const [before = '', ...stages] = instructions.join('\n').split(/^(?=FROM )/m)
  const last = stages.at(-1) as string
  const ours = instructions.filter(line => line.startsWith('COPY ') && !line.includes('--from'))

  test('builds in stages, on one exact Node, without development dependencies', () => {
    expect(before).toMatch(/^ARG NODE=24\.\d+\.\d+$/m)
    expect(stages.map(stage => stage.match(/^FROM (\S+)/)?.[1])).toEqual(['node:$NODE-bookworm-slim', 'node:$NODE-bookworm-slim'])
    expect(stages[0]).toContain('sh scripts/setup.sh production')
    expect(read('scripts/setup.sh')).toMatch(/production\) .*--omit=dev/)
    expect(last).toContain('COPY --from=dependencies /app/node_modules node_modules')
  })

  test('runs as nobody in particular, under an init process, and says whether it is well', () => {
    expect(last).toMatch(/useradd --uid (\d+)[\s\S]*^USER retrofit$/m)
    expect(last.indexOf('USER retrofit')).toBeGreaterThan(last.lastIndexOf('RUN '))
    expect(last).toMatch(/^ENTRYPOINT \["tini", "--", "node"/m)
    expect(last).toMatch(/^HEALTHCHECK .*\/healthz/m)
    expect(last).not.toContain('no-sandbox')
  })

  test('copies only what exists and what is sent to the engine', () => {
    const sent = read('.dockerignore')
      .split('\n')
      .filter(line => line.startsWith('!'))
      .map(line => line.slice(1))
    const sources = ours.flatMap(line => line.split(' ').slice(1, -1))
    expect(sources.filter(source => !sent.includes(source) || !existsSync(join(root, source)))).toEqual([])
    expect(ignored.filter(name => sent.includes(name))).toEqual([])
  })
})

describe('docker/compose.yaml', () => {
  const text = read('docker/compose.yaml')
  const { services, secrets, volumes } = parse(text, { merge: true })
  const roles = ['gateway', 'worker', 'teller-sandbox', 'corebank-sandbox']

  test('two gateways, two workers, both sandboxes, RabbitMQ and Redis', () => {
    expect(Object.keys(services).sort()).toEqual([...roles, 'rabbitmq', 'redis'].sort())
    expect([services.gateway.deploy.replicas, services.worker.deploy.replicas]).toEqual([2, 2])
    expect(services.rabbitmq.image).toMatch(/^rabbitmq:4/)
    expect(roles.map(role => services[role].command[0]).filter(path => path !== 'src/main.ts' && !existsSync(join(root, path)))).toEqual([])
  })

  test('Redis answers only for what is on disk, and evicts nothing', () => {
    expect(services.redis.command.join(' ')).toContain('--appendonly yes --appendfsync always --maxmemory-policy noeviction')
    expect(services.redis.volumes).toEqual(['redis:/data'])
    expect(services.rabbitmq).toMatchObject({ hostname: 'rabbitmq', volumes: ['rabbitmq:/var/lib/rabbitmq'] })
  })

  test('no secret has a default or stands in the file', () => {
    const variables = [...text.matchAll(/\$\{(\w+)(:\?[^}]+)?\}/g)]
    const required = ['RETROFIT_ADMIN_KEY', 'RETROFIT_DATA_KEY', 'RABBITMQ_PASSWORD', 'REDIS_PASSWORD', 'SECRETS_FOLDER']
    expect([...new Set(variables.map(([, name]) => name))].sort()).toEqual(required.sort())
    expect(variables.filter(([, , message]) => message === undefined)).toEqual([])
    expect(services.gateway.environment).toMatchObject({ RABBITMQ_URL: expect.anything(), REDIS_URL: expect.anything() })
    expect(services.worker.environment.SECRETS_DIR).toBe('/run/secrets')
    const mounted = services.worker.secrets as { source: string; target: string }[]
    expect(mounted.map(({ source, target }) => [target, secrets[source].file])).toEqual([
      ['teller.json', expect.stringContaining('/teller.json')],
      ['corebank.json', expect.stringContaining('/corebank.json')]
    ])
  })

  test('nothing has a privilege, and only loopback is published', () => {
    for (const role of roles) {
      expect(services[role]).toMatchObject({ cap_drop: ['ALL'], security_opt: expect.arrayContaining(['no-new-privileges:true']) })
      expect(services[role]).not.toHaveProperty('privileged')
    }
    const published = Object.values<{ ports?: string[] }>(services).flatMap(({ ports = [] }) => ports)
    expect(published).toEqual(['127.0.0.1:8080-8081:8080'])
    expect(text).not.toMatch(/unconfined|SYS_ADMIN|docker\.sock/)
  })

  test('the workers have room and namespaces for Chromium, and nothing else that Docker forbids', () => {
    const { names, action } = JSON.parse(read('docker/chromium-seccomp.json')).syscalls[0]
    expect(services.worker.shm_size).toBe('1gb')
    expect(services.worker.security_opt).toContain('seccomp=./chromium-seccomp.json')
    expect(action).toBe('SCMP_ACT_ERRNO')
    expect(names).toEqual(expect.arrayContaining(['bpf', 'keyctl', 'mount', 'perf_event_open', 'pivot_root', 'userfaultfd']))
    for (const needed of ['clone', 'clone3', 'unshare', 'setns', 'chroot']) expect(names).not.toContain(needed)
  })

  test('waits for what it needs, gives time to finish, and keeps every named volume', () => {
    for (const role of ['gateway', 'worker']) {
      expect(services[role].depends_on).toEqual({ rabbitmq: { condition: 'service_healthy' }, redis: { condition: 'service_healthy' } })
      expect(services[role].stop_grace_period).toBe('60s')
    }
    const named = Object.values<{ volumes?: string[] }>(services).flatMap(({ volumes: mounts = [] }) =>
      mounts.map(mount => mount.split(':')[0])
    )
    expect(named.filter(name => !(String(name) in volumes))).toEqual([])
  })
})
