/** The rooms of the house and what each may import. Add a row for a new room or adapter, and a name for a new library. */
export interface Room {
  /** Other rooms; its own files are always near. */
  readonly rooms: readonly string[]
  readonly npm: readonly string[]
  /** Libraries whose types alone may be imported. */
  readonly npmTypes?: readonly string[]
  /** Of Node's own modules; absent: all. */
  readonly node?: readonly string[]
}

const engineRooms = ['core', 'governance', 'telemetry']
const adapter = (...npm: string[]): Room => ({ rooms: ['door'], npm: [...npm, 'zod'] })

export const rooms: Readonly<Record<string, Room>> = {
  // A thread reads and writes nothing: it is where an expression of others can be ended. Of net and dns only pure parts and types are used.
  core: {
    rooms: [],
    npm: ['ajv', 'ajv-formats', 'jsonata', 're2js'],
    npmTypes: ['zod'],
    node: ['node:crypto', 'node:dns', 'node:net', 'node:worker_threads']
  },
  // HTTP/1 as targets speak it, over a socket that somebody else has connected.
  http: { rooms: [], npm: [], node: ['node:buffer', 'node:http', 'node:net', 'node:util', 'node:zlib'] },
  door: { rooms: ['core', 'http'], npm: [], node: [] },
  manifest: { rooms: ['core'], npm: ['chokidar', 'yaml', 'zod'] },
  surface: { rooms: ['core'], npm: ['gpt-tokenizer', 'stemmer'], node: [] },
  governance: { rooms: ['core'], npm: ['@cedar-policy/cedar-wasm', 'jose'] },
  telemetry: { rooms: ['core'], npm: ['@opentelemetry/*', 'pino'] },
  drivers: { rooms: ['core'], npm: ['amqplib', 'ioredis'] },
  engine: { rooms: engineRooms, npm: [] },
  gateway: {
    rooms: [...engineRooms, 'surface', 'engine', 'manifest'],
    npm: [
      '@modelcontextprotocol/node',
      '@modelcontextprotocol/server',
      'ajv',
      'ajv-formats',
      'compression',
      'cors',
      'express',
      'openapi-backend',
      'rate-limiter-flexible',
      'swagger-ui-dist',
      'yaml',
      'zod'
    ]
  },
  worker: { rooms: ['core', 'engine', 'telemetry'], npm: [] },
  agent: { rooms: ['core', 'surface'], npm: ['openai'] },
  'adapters/echo': adapter(),
  'adapters/playwright': adapter('playwright-core'),
  'adapters/soap': adapter('undici', 'xml-crypto'),
  adapters: { rooms: ['door', 'adapters/echo', 'adapters/playwright', 'adapters/soap'], npm: [] },
  wiring: {
    rooms: [...engineRooms, 'drivers', 'manifest', 'surface', 'engine', 'gateway', 'worker', 'agent', 'adapters'],
    npm: ['commander', 'undici', 'yaml']
  }
}

/** What is reached from few places only. */
export const doors: Readonly<Record<string, readonly string[]>> = {
  drivers: ['src/deployment.ts'],
  adapters: ['src/system.ts', 'src/commands/check.ts', 'src/commands/import.ts', 'src/commands/sandbox.ts', 'src/commands/try.ts']
}

export const settingsFile = 'src/config.ts'
export const mostLines = 300
export const mostFunctionLines = 40
/** Longer as they stand; take the row away with the length. */
export const longFunctions: Readonly<Record<string, number>> = { 'src/drivers/sqlite/runs.ts': 45 }

/** The room of a file; undefined: it stands in none. */
export function roomOf(path: string): string | undefined {
  const [top, first = '', ...below] = path.split('/')
  if (top === 'adapters') return below.length > 0 ? `adapters/${first}` : 'adapters'
  if (top !== 'src') return undefined
  if (first === 'index.ts') return 'door'
  return below.length === 0 || first === 'commands' ? 'wiring' : first
}
