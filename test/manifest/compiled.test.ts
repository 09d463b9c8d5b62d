import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { readBots } from '../../src/manifest/bots-folder.ts'
import { compiledName, readCompiled, writeCompiled } from '../../src/manifest/compiled.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { adapters, env, good } from './manifests.ts'

let directory: string
let file: string
let kept: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'compiled-'))
  mkdirSync(join(directory, 'echo'))
  file = join(directory, 'echo', 'bot.yaml')
  kept = join(directory, 'echo', compiledName)
})
afterEach(() => rmSync(directory, { recursive: true }))

/** With a warning: an input that takes any property. */
const warned = good.replace('      additionalProperties: false\n', '')
const load = (source: string) => loadManifest(source, { file, name: 'echo', adapters, env, trusted: true })
const readOne = async () => (await readBots({ directory, adapters, env }))[0]

async function write(source: string): Promise<void> {
  writeFileSync(file, source)
  const { compiled } = await load(source)
  if (compiled === undefined) throw new Error('the manifest is not good')
  await writeCompiled(file, source, compiled)
}

describe('what was compiled beside a manifest', () => {
  test('gives the same bot and the same warnings at the same places', async () => {
    await write(warned)
    const [fresh, again] = [await load(warned), await readOne()]
    expect(again?.issues).toEqual(fresh.issues)
    const plain = (bot: unknown) => JSON.parse(JSON.stringify(bot))
    expect(plain(again?.bot)).toEqual(plain(fresh.bot))
    const [action] = again?.bot?.actions ?? []
    const [wanted] = fresh.bot?.actions ?? []
    for (const value of [{}, { unknown: 1 }, action?.example ?? {}]) expect(action?.checkInput(value)).toEqual(wanted?.checkInput(value))
    expect(JSON.stringify(action?.steps)).toEqual(JSON.stringify(wanted?.steps))
    expect(action?.steps).toBe(action?.steps)
  })

  test('is used in place of the text', async () => {
    await write(warned)
    const [head, body = ''] = readFileSync(kept, 'utf8').split('\n')
    expect(JSON.parse(body).value.bot).toBe('echo')
    expect(JSON.parse(head ?? '')).toMatchObject({ retrofit: 1 })
    expect(await readCompiled(file, warned)).toMatchObject({ value: { bot: 'echo' } })
  })

  test('does not count for another text, and is made again', async () => {
    await write(warned)
    const changed = warned.replace(/^title: .*$/m, 'title: Another title')
    writeFileSync(file, changed)
    expect(await readCompiled(file, changed)).toBeUndefined()
    expect((await readOne())?.bot?.title).toBe('Another title')
    expect((await readCompiled(file, changed))?.value.title).toBe('Another title')
  })

  test('never hides a mistake that the text has', async () => {
    await write(warned)
    const bad = warned.replace('type: object', 'type: objekt')
    writeFileSync(file, bad)
    const read = await readOne()
    expect(read?.bot).toBeUndefined()
    expect(read?.issues).toEqual((await load(bad)).issues)
  })

  test.each([
    ['half of it', (text: string) => text.slice(0, text.length / 2)],
    ['another body', (text: string) => text.replace('"echo"', '"evil"')],
    ['no line', () => 'nothing'],
    ['nothing', () => '']
  ])('counts for nothing when it is %s', async (_, change) => {
    await write(warned)
    writeFileSync(kept, change(readFileSync(kept, 'utf8')))
    expect(await readCompiled(file, warned)).toBeUndefined()
    expect((await readOne())?.bot?.name).toBe('echo')
  })

  test('is not written beside a small manifest that had none', async () => {
    writeFileSync(file, warned)
    await readOne()
    expect(() => readFileSync(kept)).toThrow('ENOENT')
  })
})

describe('a large manifest', () => {
  const filler = `# ${'x'.repeat(98)}\n`.repeat(15_000)

  test('is read from the operator’s folder', async () => {
    writeFileSync(file, good + filler)
    expect((await readOne())?.bot?.name).toBe('echo')
    expect(await readCompiled(file, good + filler)).toMatchObject({ value: { bot: 'echo' } })
  })

  test('is refused over HTTP', async () => {
    const { bot, issues } = await loadManifest(good + filler, { file, adapters, env })
    expect(bot).toBeUndefined()
    expect(issues[0]?.message).toBe('the file is larger than 1 MiB: split it into several bots')
  })
})
