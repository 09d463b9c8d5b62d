/** What a start leaves behind and prints: nothing that another user of the machine may read, and no key that was set. */
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createClient } from './client.ts'
import type { Program } from './program.ts'
import { filesBelow } from './secret-places.ts'
import { adminKey, openSite, type Site } from './site.ts'

/** Named like a sample bot, so that the welcome shows how to call it. */
const bot = `
bot: teller
version: 1.0.0
title: Teller
adapter: echo
target: { url: http://127.0.0.1:9 }
actions:
  get_balance:
    title: Get a balance
    description: Answers its input.
    effect: read
    scopes: [teller:read]
    example: { account: "1" }
    input: { type: object, properties: { account: { type: string } } }
    output: { type: object }
`
/** Prints its address and writes a file, as stand-ins do. */
const sandbox = `
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
mkdirSync(dirname(process.env.LEDGER), { recursive: true })
writeFileSync(process.env.LEDGER, 'x')
console.log('stand-in on http://127.0.0.1:9')
setInterval(() => undefined, 1000)
process.on('disconnect', () => process.exit())
`

let site: Site
let program: Program
beforeAll(async () => {
  site = openSite()
  site.addBot('teller', bot)
  const folder = join(site.botsDir, 'teller', 'sandbox')
  mkdirSync(folder)
  writeFileSync(join(folder, 'main.ts'), sandbox)
  writeFileSync(join(folder, 'credentials.json'), '{"username":"u","password":"p"}')
  for (const open of [site.dataDir, site.secretsDir, join(folder, 'credentials.json')]) chmodSync(open, 0o755)
  program = await site.start('up --sandbox', { RETROFIT_DATA_KEY: '' })
  await createClient(() => program.url, adminKey).call('teller_get_balance', { account: '1' })
})
afterAll(() => site?.close())

test('the files that it makes are for its own user, and a folder that is open to others is warned of', () => {
  const made = filesBelow(site.dir).filter(({ name }) => !name.startsWith(site.botsDir))
  expect(made.map(({ name }) => name.slice(site.dir.length + 1))).toEqual(
    expect.arrayContaining(['data/data.key', 'data/ledger.sqlite', 'data/lock', 'data/sandbox/teller.ledger.jsonl', 'secrets/teller.json'])
  )
  expect(made.filter(({ name }) => (statSync(name).mode & 0o077) !== 0).map(({ name }) => name)).toEqual([])
  const said = program.output().toString()
  for (const [name, folder] of [
    ['DATA_DIR', site.dataDir],
    ['SECRETS_DIR', site.secretsDir]
  ])
    expect(said).toContain(`${name} ${folder} is open to other users of this machine (mode 755): chmod 700 ${folder}`)
})

test('a key that was set is not printed, and the calls that are shown take it from the shell', () => {
  const said = program.output().toString()
  expect(said).toContain('key       RETROFIT_ADMIN_KEY, as set')
  expect(said).toContain(`curl -s -i ${program.url}/v1/actions/teller_get_balance`)
  expect(said).toContain('-H "Authorization: Bearer $RETROFIT_ADMIN_KEY"')
  expect(said).not.toContain(adminKey)
})
