import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type BotFolderChange, readBots, watchBots } from '../../src/manifest/bots-folder.ts'
import { until } from '../setup/until.ts'
import { adapters, env, good } from './manifests.ts'

const named = (name: string, version = '1.0.0') =>
  good.replace('bot: echo', `bot: ${name}`).replace('version: 1.0.0', `version: ${version}`)
let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bots-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function write(name: string, source: string | Uint8Array, file = 'bot.yaml'): string {
  mkdirSync(join(directory, name), { recursive: true })
  writeFileSync(join(directory, name, file), source)
  return join(directory, name, file)
}

describe('reading', () => {
  test('gives every bot by its folder, good or with its mistakes', async () => {
    write('alpha', named('alpha'))
    write('beta', named('gamma'))
    write('docs', 'nothing', 'notes.txt')
    writeFileSync(join(directory, 'README.md'), 'no bot')
    const [alpha, beta, ...rest] = await readBots({ directory, adapters, env })
    expect(alpha).toMatchObject({ name: 'alpha', file: join(directory, 'alpha', 'bot.yaml'), issues: [], bot: { name: 'alpha' } })
    expect(beta?.bot).toBeUndefined()
    expect(beta?.issues.map(({ message }) => message)).toEqual(['bot: must be beta, as the folder or the path is called, not "gamma"'])
    expect(rest).toEqual([])
  })

  test('no folder, no bots', async () => expect(await readBots({ directory: join(directory, 'none'), adapters, env })).toEqual([]))

  const outside = mkdtempSync(join(tmpdir(), 'outside-'))
  writeFileSync(join(outside, 'bot.yaml'), named('linked'))
  afterAll(() => rmSync(outside, { recursive: true }))
  const refused: readonly (readonly [string, () => void, string])[] = [
    [
      'a link to a file outside',
      () => {
        mkdirSync(join(directory, 'linked'))
        symlinkSync(join(outside, 'bot.yaml'), join(directory, 'linked', 'bot.yaml'))
      },
      'a link leads out of the bots folder: put the file itself here'
    ],
    [
      'a link to a folder outside',
      () => symlinkSync(outside, join(directory, 'linked')),
      'a link leads out of the bots folder: put the file itself here'
    ],
    [
      'a folder called bot.yaml',
      () => mkdirSync(join(directory, 'linked', 'bot.yaml'), { recursive: true }),
      'is not a file: write the manifest here'
    ],
    ['bytes that are not UTF-8', () => write('linked', new Uint8Array([0xff, 0xfe, 0x41])), 'is not UTF-8: save it as UTF-8'],
    ['too many bytes', () => write('linked', 'x'.repeat(2 ** 25 + 1)), 'the file is larger than 32 MiB: split it into several bots'],
    ['another name', () => write('linked', named('linked'), 'bot.yml'), 'the manifest is called bot.yaml: rename bot.yml']
  ]
  test.each(refused)('refuses %s', async (_, prepare, message) => {
    prepare()
    const [folder] = await readBots({ directory, adapters, env })
    expect(folder?.bot).toBeUndefined()
    expect(folder?.issues).toEqual([
      { severity: 'error', file: join(directory, 'linked', 'bot.yaml'), line: 1, column: 1, pointer: '', message }
    ])
  })

  test('follows links that stay inside, as Kubernetes mounts them', async () => {
    write('..data', named('alpha'))
    mkdirSync(join(directory, 'alpha'))
    symlinkSync('../..data/bot.yaml', join(directory, 'alpha', 'bot.yaml'))
    expect((await readBots({ directory, adapters, env })).map(({ bot }) => bot?.name)).toEqual(['alpha'])
  })

  test('says so when a file may not be read', async () => {
    const file = write('alpha', named('alpha'))
    chmodSync(file, 0)
    const [folder] = await readBots({ directory, adapters, env })
    // Root reads everything.
    if (process.getuid?.() === 0) expect(folder?.bot?.name).toBe('alpha')
    else expect(folder?.issues[0]?.message).toBe("can not be read (EACCES): let the service's user read it")
  })
})

describe('watching', () => {
  test('reports first every bot, then each change when the file is whole', async () => {
    write('alpha', named('alpha'))
    const seen: BotFolderChange[] = []
    const watching = await watchBots({ directory, adapters, env, onChange: change => void seen.push(change) })
    expect(seen.map(({ name, bot, removed }) => [name, bot?.version, removed])).toEqual([['alpha', '1.0.0', false]])
    const reported = async (count: number) => {
      await until(`report ${count}`, () => seen.length >= count)
      return seen.slice(count - 1)
    }

    const text = named('alpha', '1.1.0')
    const file = write('alpha', text.slice(0, 300))
    await sleep(60)
    writeFileSync(file, text)
    expect((await reported(2)).map(({ bot, issues }) => [bot?.version, issues])).toEqual([['1.1.0', []]])

    write('alpha', 'bot: alpha\n')
    const [bad] = await reported(3)
    expect(bad?.bot).toBeUndefined()
    expect(bad?.issues.length).toBeGreaterThan(3)

    write('beta', named('beta'))
    expect((await reported(4)).map(({ name, bot }) => [name, bot?.name])).toEqual([['beta', 'beta']])

    writeFileSync(join(directory, 'new.yaml'), named('beta', '2.0.0'))
    renameSync(join(directory, 'new.yaml'), join(directory, 'beta', 'bot.yaml'))
    expect((await reported(5)).map(({ bot }) => bot?.version)).toEqual(['2.0.0'])

    rmSync(join(directory, 'beta'), { recursive: true })
    expect((await reported(6)).map(({ name, removed, bot }) => [name, removed, bot])).toEqual([['beta', true, undefined]])
    await watching.close()
  })

  test('a report that failed is made again', async () => {
    let refused = 0
    const seen: BotFolderChange[] = []
    const onChange = async (change: BotFolderChange) => {
      if (refused++ === 0) throw new Error('the ledger is away')
      seen.push(change)
    }
    const watching = await watchBots({ directory, adapters, env, onChange })
    write('alpha', named('alpha'))
    await until('the report', () => seen.length > 0)
    expect(seen.map(({ bot }) => bot?.name)).toEqual(['alpha'])
    await watching.close()
  })
})
