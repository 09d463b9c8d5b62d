/** README, as a new user follows it: its calls answer, its tutorial works, its second transfer is a replay. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { request } from 'undici'
import { readEffects } from '../bots/sandbox.ts'
import { type Leash, openLeash } from './e2e/leash.ts'
import { type Program, startProgram } from './e2e/program.ts'
import { freePort } from './setup/free-port.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text)
const tutorial = (language: string): string =>
  new RegExp(`<!-- tutorial -->\\n\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1] ?? ''

interface Call {
  readonly action: string
  readonly body: string
}

/** `curl … /v1/actions/<action> … -d '<body>'` */
const curls = (): Call[] =>
  blocks('sh').flatMap(block => {
    const [, action, body] = /curl [\s\S]*?\/v1\/actions\/(\w+)[\s\S]*?-d '([^']+)'/.exec(block) ?? []
    return action === undefined || body === undefined ? [] : [{ action, body }]
  })

let leash: Leash
let program: Program
let folder: string
let env: Record<string, string>

beforeAll(async () => {
  // Inside the checkout, so that the sandboxes find their libraries.
  mkdirSync(join(root, '.cache'), { recursive: true })
  folder = mkdtempSync(join(root, '.cache/readme-'))
  cpSync(join(root, 'bots'), join(folder, 'bots'), { recursive: true })
  leash = openLeash(folder)
  env = { PORT: String(await freePort()), DATA_DIR: join(folder, '.retrofit'), BOTS_DIR: join(folder, 'bots') }
  program = await startProgram({ args: ['up', '--sandbox'], env, leash })
})

afterAll(async () => {
  await program?.stop()
  leash?.end()
  rmSync(folder, { recursive: true, force: true })
})

async function send({ action, body }: Call): Promise<{ status: number; replayed: boolean; json: Record<string, unknown> }> {
  const key = readFileSync(join(env.DATA_DIR ?? '', 'admin.key'), 'utf8').trim()
  const answer = await request(`${program.url}/v1/actions/${action}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body
  })
  return {
    status: answer.statusCode,
    replayed: answer.headers['idempotent-replayed'] === 'true',
    json: (await answer.body.json()) as Record<string, unknown>
  }
}

describe('README', () => {
  test('the calls to paste answer as it says', async () => {
    const [balance, customer, transfer, ...more] = curls()
    expect(more).toEqual([])
    expect(await send(balance as Call)).toMatchObject({ status: 200, json: { account: '40012345', balance: 12843.56, currency: 'GBP' } })
    expect(await send(customer as Call)).toMatchObject({ status: 200, json: { customer_id: 'C-1001', name: { family: 'Keller' } } })
    const first = await send(transfer as Call)
    expect(first).toMatchObject({ status: 200, replayed: false })
    expect(await send(transfer as Call)).toEqual({ ...first, replayed: true })
    expect(readEffects(join(env.DATA_DIR ?? '', 'sandbox/teller.ledger.jsonl'))).toHaveLength(1)
  })

  test('the program prints the same calls with its own key', () => {
    for (const { action, body } of curls()) {
      expect(program.output().toString()).toContain(`/v1/actions/${action}`)
      expect(program.output().toString()).toContain(`-d '${body}'`)
    }
  })

  test('the tutorial works as written', async () => {
    mkdirSync(join(folder, 'bots/enquiry'))
    writeFileSync(join(folder, 'bots/enquiry/bot.yaml'), tutorial('yaml'))
    const [check, call, ...more] = tutorial('sh').trim().split('\n')
    expect(more).toEqual([])
    expect(await command(check as string)).toContain('1 manifest, 0 errors, 0 warnings')
    await served('enquiry')
    expect(JSON.parse(await command(call as string))).toEqual({ holder: 'Mrs Adaeze Okafor', opened: '1998-03-14' })
  })
})

/** A line of the tutorial, in the folder that stands for the checkout. */
async function command(line: string): Promise<string> {
  const [npx, retrofit, ...args] = line.split(' ')
  expect([npx, retrofit]).toEqual(['npx', 'retrofit'])
  const { stdout } = await run(process.execPath, [join(root, 'src/main.ts'), ...args], { cwd: folder, env: { ...process.env, ...env } })
  return stdout
}

async function served(bot: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { stdout } = await run(process.execPath, [join(root, 'src/main.ts'), 'openapi'], {
      cwd: folder,
      env: { ...process.env, ...env },
      maxBuffer: 10_000_000
    })
    if (stdout.includes(`/v1/actions/${bot}_`)) return
  }
  throw new Error(`${bot} was not picked up`)
}
