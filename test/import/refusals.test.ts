import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { importWsdl } from '../../src/manifest/import/wsdl/import-wsdl.ts'
import { fixture, load } from './imported.ts'

const folder = mkdtempSync(join(tmpdir(), 'wsdl-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const good = readFileSync(fixture('sequence'), 'utf8')
function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** Refused in words. */
async function refusal(path: string, options = {}): Promise<{ code: string; message: string }> {
  const error = await importWsdl(path, options).then(
    () => ({ code: 'none', message: '' }),
    (failure: { code: string; message: string }) => failure
  )
  return { code: error.code, message: error.message }
}

describe('what is refused', () => {
  test.each([
    ['doctype', 'not_well_formed', 'DOCTYPE'],
    ['traversal', 'refused', 'above the folder'],
    ['missing-import', 'missing_import', 'gone.xsd is missing; missing-import.wsdl needs it'],
    ['wsdl20', 'wsdl_2_0', 'not supported: convert it']
  ])('%s', async (name, code, message) => {
    expect(await refusal(fixture(name))).toEqual({ code, message: expect.stringContaining(message) })
  })

  /** Past the limit of each of the first ones waits another mistake: it is not met, so nothing past the limit was looked at. */
  const trap = '&trap;'
  const hostile: readonly (readonly [string, string, string])[] = [
    ['nested too deeply', `${'<a>'.repeat(101)}</trap>${'<a>'.repeat(100_000)}`, 'nested deeper'],
    ['a huge attribute', `<a b="${trap}${'x'.repeat(2_000_000)}"/>`, 'too long'],
    ['many attributes', `<a ${Array.from({ length: 5_000 }, (_, i) => `a${i}="${i > 101 ? trap : ''}"`).join(' ')}/>`, 'attributes'],
    ['many elements', `<a>${'<b/>'.repeat(500_000)}${trap}</a>`, 'more than 500000 elements'],
    ['a million character references', `<a>${trap}${'&#65;'.repeat(1_048_577)}</a>`, 'longer than'],
    ['an entity', '<a>&lol;</a>', 'entity'],
    ['a late doctype', '<a/><!DOCTYPE a []>', 'DOCTYPE'],
    ['text that is cut off', good.slice(0, good.indexOf('</types>')), 'cut off'],
    ['not XML', '{"a":1}', 'outside']
  ]
  test.each(hostile)('%s', async (name, text, message) => {
    expect(await refusal(file(`${name.replaceAll(' ', '-')}.wsdl`, text))).toEqual({
      code: 'not_well_formed',
      message: expect.stringContaining(message)
    })
  })

  test('a huge file', async () => {
    const path = file('huge.wsdl', `<a>${trap}${'<!---->'.repeat(2_400_000)}</a>`)
    expect(await refusal(path)).toEqual({ code: 'refused', message: 'huge.wsdl is larger than 16 MiB.' })
  })

  test('a link that leads out of the folder', async () => {
    symlinkSync('/etc/hostname', join(folder, 'link.xsd'))
    const text = good.replace('<xs:element name="Send"', '<xs:include schemaLocation="link.xsd"/><xs:element name="Send"')
    expect(await refusal(file('links.wsdl', text))).toEqual({ code: 'refused', message: expect.stringContaining('leads above the folder') })
  })

  test.each(['http://169.254.169.254/a.xsd', 'file:///etc/passwd', 'https://example.org/a.xsd'])('an import of %s', async location => {
    const text = good
      .replace('<xs:element name="Send"', `<xs:include schemaLocation="${location}"/><xs:element name="Send"`)
      .replace('type="xs:int"', 'type="t:Gone"')
    expect((await refusal(file('remote.wsdl', text))).message).toContain('nothing is fetched without --allow-fetch')
  })

  test('an address without --allow-fetch', async () => {
    expect((await refusal('http://127.0.0.1:1/?wsdl')).message).toContain('--allow-fetch')
  })
})

test('a choice of operations, services and ports', async () => {
  const { actions } = await load('rpc', { operations: ['store'] })
  expect(actions.map(({ name }) => name)).toEqual(['fixture_store'])
  await expect(load('rpc', { operations: ['nope'] })).rejects.toThrow('There is no operation nope; the file has getPerson, store.')
  await expect(load('rpc', { port: 'Nope' })).rejects.toThrow('FixtureService (Port)')
})
