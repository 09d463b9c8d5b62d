/** What a program starts knows nothing of what the program knows; and where a safeguard is off, whoever looks is told. */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type Client, createClient } from './client.ts'
import { deploy, type Kind, kinds } from './deployment.ts'
import type { Program } from './program.ts'
import { adminKey, type Env, openSite, type Site } from './site.ts'

let site: Site
beforeEach(() => {
  site = openSite()
})
afterEach(() => site.close())

const secrets: Env = {
  RETROFIT_ADMIN_KEY: adminKey,
  RETROFIT_DATA_KEY: 'the-data-key-that-no-child-may-know-of',
  DATABASE_URL: 'postgres://teller:database-password@db.internal/ledger',
  OPENAI_API_KEY: 'sk-that-no-child-may-know-of',
  AWS_SECRET_ACCESS_KEY: 'cloud-secret-that-no-child-may-know-of',
  TELLERS_SECRET: 'of-a-name-that-only-looks-like-that-of-a-bot'
}

interface Started {
  readonly client: Client
  readonly programs: readonly Program[]
}

/** The samples with their sandboxes, or a portal and all the processes. */
async function start(kind: Kind): Promise<Started> {
  if (kind === 'embedded') {
    const program = await site.start('up --sandbox', { ...secrets, BOTS_DIR: 'bots' })
    return { client: createClient(() => program.url, adminKey), programs: [program] }
  }
  site.copyBot('teller')
  await site.startTarget('teller')
  const { client, parts } = await deploy(site, kind, secrets)
  return { client, programs: parts.map(({ program }) => program) }
}

const fileOf = (pid: number, name: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

test.each(kinds)('%s: no child has a secret of its parent, in its environment or on its command line', async kind => {
  const { client, programs } = await start(kind)
  const answer = await client.call('teller_get_balance', { account: '40012345' })
  expect(answer).toMatchObject({ status: 200 })
  const children = programs.flatMap(program => program.children())
  const seen = children.map(({ pid, command }) => ({ command, environment: fileOf(pid, 'environ'), words: fileOf(pid, 'cmdline') }))
  const kindsOfChild = [/chrom/i, ...(kind === 'embedded' ? [/teller.sandbox.main/, /corebank.sandbox.main/] : [])]
  for (const pattern of kindsOfChild)
    expect(seen.filter(({ command, environment }) => pattern.test(command) && environment !== '')).not.toEqual([])
  const values = [
    ...Object.values(secrets),
    'database-password',
    process.env.TEST_REDIS_URL ?? 'redis://',
    process.env.TEST_RABBITMQ_URL ?? 'amqp://'
  ]
  const known = seen.flatMap(({ command, environment, words }) =>
    values.filter(value => environment.includes(value) || words.includes(value)).map(value => `${command} knows ${value}`)
  )
  expect(known).toEqual([])
  for (const { command, environment } of seen)
    expect([command, environment.split('\0').filter(entry => /^(RETROFIT_[A-Z]+_KEY|[A-Z_]*(SECRET|TOKEN)[A-Z_]*)=/.test(entry))]).toEqual([
      command,
      []
    ])
})

test('CHROMIUM_SANDBOX=off is said at the start, by /readyz and by check', async () => {
  site.copyBot('teller')
  const off = { CHROMIUM_SANDBOX: 'off', TELLER_URL: 'http://127.0.0.1:9' }
  const program = await site.start('up', off)
  const warning = expect.stringMatching(/^CHROMIUM_SANDBOX=off: the browser runs.* without Chromium's own sandbox$/)
  expect(await (await fetch(`${program.url}/readyz`)).json()).toEqual({ status: 'ready', warnings: [warning] })
  const said = program.output().toString()
  expect(said).toMatch(/^ {2}WARNING +CHROMIUM_SANDBOX=off/m)
  expect(
    said.split('\n').filter(line => line.startsWith('{') && line.includes('"warn"') && line.includes('CHROMIUM_SANDBOX=off'))
  ).toHaveLength(1)
  const checked = await site.run('check', off)
  expect(checked).toMatchObject({ code: 0, output: expect.stringMatching(/^this machine: warning: CHROMIUM_SANDBOX=off/m) })
})
