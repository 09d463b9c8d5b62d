import { expect, test } from '@jest/globals'
import { pino } from 'pino'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { createCatalog } from '../../src/engine/catalog.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { tellOfChanges } from '../../src/tell-of-changes.ts'
import { echoBot } from '../e2e/echo-bot.ts'
import { adapters } from '../manifest/manifests.ts'

const { records } = openSqliteStore(openSqlite({ path: ':memory:' }))
const start = () => createCatalog({ records, parse: () => ({ issues: [] }) })

async function fileOf(source: string) {
  const { bot } = await loadManifest(source, { file: 'bot.yaml', adapters, env: () => undefined, trusted: true })
  if (bot === undefined) throw new Error('it does not load')
  return bot
}

/** What is logged when the file is served: level and text. */
async function served(source: string, catalog = start()): Promise<readonly string[]> {
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
  const bot = await fileOf(source)
  await tellOfChanges(await catalog.setFile(bot), bot, { log })
  expect(catalog.entry(bot.name, 'default')?.bot.digest).toBe(bot.digest)
  return lines.map(line => {
    const { level, msg } = JSON.parse(line) as { level: number; msg: string }
    return `${level} ${msg}`
  })
}

test("an operator's file that breaks callers is served, and said loudly, also after a restart", async () => {
  const first = echoBot({ version: '1.0.0' })
  const effect = (version: string, scope: string) => echoBot({ version }).replace(/scopes: \[.*\]/, `scopes: ['${scope}']`)
  expect(await served(first)).toEqual([])
  expect(await served(first)).toEqual([])
  const broken = await served(effect('1.1.0', 'other:read'))
  expect(broken).toEqual([
    expect.stringMatching(/^50 BREAKS CALLERS under the same major version: bot \w+: ask \(\/actions\/ask\/scopes\)/)
  ])
  expect(await served(effect('2.0.0', 'third:read'))).toEqual([expect.stringMatching(/^40 breaks callers: /)])
  expect(await served(effect('2.0.0', 'third:read').replace(/title: .*/, 'title: Other words'))).toEqual([])
})
