import { execFile as execFileOf } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import amqp from 'amqplib'
import { type ChildServer, newServerDir, startChildServer } from './child-server.ts'
import { freePort } from './free-port.ts'

/** Debian's wrapper in /usr/sbin insists on root or on the user rabbitmq; the script behind it runs as anybody. */
const launchers = ['/usr/lib/rabbitmq/bin/rabbitmq-server', '/usr/local/sbin/rabbitmq-server', '/opt/homebrew/sbin/rabbitmq-server']

const controls = ['/usr/lib/rabbitmq/bin/rabbitmqctl', '/usr/local/sbin/rabbitmqctl', '/opt/homebrew/sbin/rabbitmqctl']
const execFile = promisify(execFileOf)

/** Certificate and key of a broker, in PEM. */
interface Identity {
  readonly certificate: string
  readonly key: string
}

export interface RabbitOptions {
  /** Listens with TLS too, on `tlsPort`. */
  readonly tls?: Identity
}

const config = (port: number) => `listeners.tcp.1 = 127.0.0.1:${port}
log.console = true
log.console.level = warning
log.file = false
vm_memory_high_watermark.absolute = 512MiB
disk_free_limit.absolute = 64MB
raft.wal_max_size_bytes = 16000000
`

/**
 * A real RabbitMQ that collides with nothing: node name, port mapper (`epmd`), cookie, data and logs are its own, all on loopback.
 * A broker takes seconds to start, so share the one of `TEST_RABBITMQ_URL` unless the test kills it.
 */
export interface RabbitServer extends ChildServer {
  readonly tlsPort: number
  /** `rabbitmqctl`, for what no client can ask for. */
  control(...args: readonly string[]): Promise<void>
}

export async function startRabbit({ tls }: RabbitOptions = {}): Promise<RabbitServer> {
  const [port, distributionPort, epmdPort, tlsPort] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const dir = newServerDir('rabbit')
  const env = environment({ dir, port, distributionPort, epmdPort })
  if (tls !== undefined) listenWithTls(dir, tlsPort, tls)
  const epmd = { command: 'epmd', args: ['-address', '127.0.0.1', '-port', `${epmdPort}`] }
  const broker = { command: launchers.find(existsSync) ?? 'rabbitmq-server', args: [], env }
  const url = `amqp://guest:guest@127.0.0.1:${port}`
  const server = await startChildServer({
    name: 'rabbitmq-server',
    url,
    port,
    dir,
    readyMs: 120_000,
    processes: [epmd, broker],
    probe: () => greet(url, port)
  })
  const control = async (...args: readonly string[]) => {
    await execFile(controls.find(existsSync) ?? 'rabbitmqctl', ['-n', env.RABBITMQ_NODENAME ?? '', ...args], {
      env: { ...process.env, ...env, RUNNING_UNDER_SYSTEMD: '' },
      timeout: 60_000
    })
  }
  // Its members are getters.
  return Object.assign(server, { control, tlsPort })
}

interface Places {
  readonly dir: string
  readonly port: number
  readonly distributionPort: number
  readonly epmdPort: number
}

function environment({ dir, port, distributionPort, epmdPort }: Places): Record<string, string> {
  for (const name of ['data', 'log', 'config', 'plugins']) mkdirSync(join(dir, name))
  writeFileSync(join(dir, 'rabbitmq.conf'), config(port))
  writeFileSync(join(dir, 'enabled_plugins'), '[].\n')
  return {
    HOME: dir,
    // The launcher becomes the Erlang VM instead of a shell that guards it, so its pid is the broker's.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_NODENAME: `retrofit-${port}@localhost`,
    RABBITMQ_NODE_PORT: `${port}`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_DIST_PORT: `${distributionPort}`,
    RABBITMQ_CONF_ENV_FILE: join(dir, 'none'),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, 'advanced.config'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(dir, 'config'),
    RABBITMQ_SCHEMA_DIR: join(dir, 'config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
    RABBITMQ_PLUGINS_EXPAND_DIR: join(dir, 'plugins'),
    RABBITMQ_MNESIA_BASE: join(dir, 'data'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_PID_FILE: join(dir, 'pid'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: `${epmdPort}`,
    ERL_EPMD_ADDRESS: '127.0.0.1'
  }
}

function listenWithTls(dir: string, port: number, { certificate, key }: Identity): void {
  writeFileSync(join(dir, 'certificate.pem'), certificate)
  writeFileSync(join(dir, 'key.pem'), key)
  const files = `ssl_options.certfile = ${join(dir, 'certificate.pem')}\nssl_options.keyfile = ${join(dir, 'key.pem')}\n`
  appendFileSync(join(dir, 'rabbitmq.conf'), `listeners.ssl.1 = 127.0.0.1:${port}\nssl_options.verify = verify_none\n${files}`)
}

/** The bare socket first: it is refused at once and without noise until the broker listens. */
async function greet(url: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connectSocket(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    }).once('error', reject)
  })
  const connection = await amqp.connect(url, { timeout: 5000 })
  await connection.close()
}
