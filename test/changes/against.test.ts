import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { againstLines, checkAgainst, isRefused } from '../../src/commands/check-against.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { type OpenGateway, openGateway } from '../gateway/open-gateway.ts'
import { adapters, env, good } from '../manifest/manifests.ts'

let gateway: OpenGateway
const folder = mkdtempSync(join(tmpdir(), 'against-'))
beforeAll(async () => {
  gateway = await openGateway()
  for (const name of ['echo', 'other']) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'bot.yaml'), good.replace('bot: echo', `bot: ${name}`))
  }
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await gateway.close()
})

async function botOf(source: string) {
  const { bot } = await loadManifest(source, { file: 'bot.yaml', adapters, env, trusted: true })
  if (bot === undefined) throw new Error('it does not load')
  return bot
}
const narrow = good.replace('version: 1.0.0', 'version: 1.1.0').replace('"^[a-z ]*$"', '"^[a-z]*$"')

test('a manifest is compared with the one that a running gateway serves', async () => {
  const { json } = await gateway.call('/v1/bots/demo')
  const demo = await botOf(json.source)
  const flags = { key: gateway.adminKey }
  const { compared, unknown } = await checkAgainst(gateway.url, { bots: [demo, await botOf(good)], folder: undefined }, flags)
  expect([compared.map(({ bot, changes }) => [bot, changes]), unknown]).toEqual([[['demo', []]], ['echo']])
  const reader = (await gateway.bearer(['bots:read'])).replace('Bearer ', '')
  await expect(checkAgainst(gateway.url, { bots: [demo], folder: undefined }, { key: reader })).rejects.toThrow('bots:write')
  await expect(checkAgainst(gateway.url, { bots: [demo], folder: undefined }, { key: 'rf_wrong' })).rejects.toThrow('answered 401')
})

test('a manifest is compared with another file, and a folder with a folder', async () => {
  const bots = [await botOf(narrow)]
  const file = await checkAgainst(join(folder, 'echo', 'bot.yaml'), { bots, folder: undefined }, {})
  expect([isRefused(file, {}), isRefused(file, { allowBreaking: true }), file.gone]).toEqual([true, false, []])
  const lines = againstLines(file, 'before').join('\n')
  expect(lines).toContain(
    'BREAKING say /actions/say/input/properties/text/pattern: the text has another form: a call that was taken is refused.'
  )
  expect(lines).toContain('raise version to 2.0.0')
  const whole = await checkAgainst(folder, { bots, folder: ['echo'] }, {})
  expect(whole.gone).toEqual(['other'])
})

test('a manifest with errors is said to be not compared', async () => {
  const found = await checkAgainst(join(folder, 'echo', 'bot.yaml'), { bots: [], broken: ['echo'], folder: undefined }, {})
  expect(againstLines(found, 'before')).toEqual(['echo: has errors, so it is not compared; correct them first'])
})

test('what holds no manifest is named', async () => {
  const bots = [await botOf(good)]
  const against = (where: string) => checkAgainst(where, { bots, folder: undefined }, {})
  writeFileSync(join(folder, 'x.json'), '{"openapi":"3.1.0"}')
  await expect(against(join(folder, 'x.json'))).rejects.toThrow('is no manifest of a bot')
  await expect(against(join(folder, 'none'))).rejects.toThrow('does not exist')
  await expect(against(join(folder, 'other'))).rejects.toThrow('is the bot other')
})
