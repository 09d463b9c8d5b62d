/** A run ends on the version that it began with, also after a restart: what held for that version's bot holds for it then. */
import { expect, test } from '@jest/globals'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { createCatalog } from '../../src/engine/catalog.ts'
import { type LoadOptions, loadManifest } from '../../src/manifest/load.ts'
import { echoBot } from '../e2e/echo-bot.ts'
import { adapters } from '../manifest/manifests.ts'

const source = echoBot({ version: '1.0.0' })

function open() {
  const { records } = openSqliteStore(openSqlite({ path: ':memory:' }))
  const start = (targetOrigins: readonly string[] = []) => {
    const parse = (text: string, options: Partial<LoadOptions> = {}) =>
      loadManifest(text, { file: 'bot.yaml', adapters, env: () => undefined, targetOrigins, ...options })
    const file = parse(source, { trusted: true }).bot
    if (file === undefined) throw new Error('it does not load')
    return { file, catalog: createCatalog({ records, parse }) }
  }
  return { start }
}

test('of a bot from a file it reaches a private network; of one over HTTP where that is still allowed', async () => {
  const { start } = open()
  const first = start(['http://127.0.0.1:9'])
  const { name, digest } = first.file
  await first.catalog.register(name, source)
  expect((await start(['http://127.0.0.1:9']).catalog.version(name, digest))?.target.reach).toEqual({ origins: ['http://127.0.0.1:9'] })
  expect(await start().catalog.version(name, digest)).toBeUndefined()
  await first.catalog.unregister(name)
  await first.catalog.setFile(first.file)
  const later = await start().catalog.version(name, digest)
  expect(later).toMatchObject({ digest, version: '1.0.0' })
  expect(later?.target.reach).toBeUndefined()
})
