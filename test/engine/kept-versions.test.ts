/** A run ends on the version that it began with, also after a restart: what held for that version's bot holds for it then. */
import { expect, test } from '@jest/globals'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { createCatalog } from '../../src/engine/catalog.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { echoBot } from '../e2e/echo-bot.ts'
import { adapters } from '../manifest/manifests.ts'

const source = echoBot({ version: '1.0.0' })

const caller = { tenant: 'acme', subject: 'test', clientId: 'test', scopes: ['*'] }

function open() {
  const { records } = openSqliteStore(openSqlite({ path: ':memory:' }))
  const start = (targetOrigins: readonly string[] = []) =>
    createCatalog({
      records,
      parse: async (text, { file, name, tenant }) => {
        const read = await loadManifest(text, { file, name, adapters, env: () => undefined, targetOrigins, trusted: tenant === undefined })
        return read.bot === undefined ? read : { ...read, bot: { ...read.bot, tenant } }
      }
    })
  return { start }
}

test('of a bot from a file it reaches a private network; of one over HTTP where that is still allowed', async () => {
  const { start } = open()
  const first = start(['http://127.0.0.1:9'])
  const { bot } = await loadManifest(source, { file: 'bot.yaml', adapters, env: () => undefined, trusted: true })
  if (bot === undefined) throw new Error('it does not load')
  const run = { bot: bot.name, botDigest: bot.digest, action: 'probe_ask' }
  await first.register(bot.name, source, { caller, tenant: 'acme' })
  const registered = { ...run, botTenant: 'acme' }
  expect((await start(['http://127.0.0.1:9']).versionOf(registered))?.target.reach).toEqual({ origins: ['http://127.0.0.1:9'] })
  expect(await start().versionOf(registered)).toBeUndefined()
  expect(await start().versionOf(run)).toBeUndefined()
  await first.unregister(bot.name, 'acme')
  await first.setFile(bot)
  const later = await start().versionOf(run)
  expect(later).toMatchObject({ digest: bot.digest, version: '1.0.0' })
  expect(later?.target.reach).toBeUndefined()
})
