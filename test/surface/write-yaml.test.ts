import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import type { Json, JsonObject } from '../../src/core/types.ts'
import { openApiDocument } from '../../src/surface/openapi.ts'
import { writeYaml } from '../../src/surface/write-yaml.ts'
import { sampleActions } from './actions.ts'
import { seeded } from './random-schema.ts'

/** As both revisions of YAML read it that readers use. */
function readBack(document: JsonObject): void {
  const text = writeYaml(document)
  for (const version of ['1.1', '1.2'] as const) expect(parse(text, { version, maxAliasCount: 0 })).toEqual(document)
}

const texts = [
  ...[
    '',
    ' ',
    'a b',
    'a: b',
    'a #b',
    '#a',
    '- a',
    '-',
    '?',
    ': ',
    '&a',
    '*a',
    '!a',
    '|',
    '>',
    '%a',
    '@a',
    '`a',
    '{a}',
    '[a]',
    'a,b',
    '"a"',
    "'a'"
  ],
  ...[
    'true',
    'No',
    'ON',
    'y',
    'NULL',
    '~',
    '1',
    '1.5',
    '-1',
    '.5',
    '1e3',
    '0x1f',
    '0o7',
    '1_000',
    '12:30:45',
    '.inf',
    '.NaN',
    '2025-11-28',
    '<<',
    '='
  ],
  ...[
    'a\nb',
    '\n',
    'a\r\nb',
    'a\tb',
    ' a',
    'a ',
    'a  b',
    '---',
    '...',
    '--- a',
    'a\u0000',
    '\u007f\u0085\u009f',
    '\u2028',
    '\ufeffa',
    '«é»',
    '😀',
    '\\',
    '/v1/{a}'
  ],
  ...['__proto__x', 'constructor', 'a'.repeat(500), `word ${'long '.repeat(60)}end`]
]

describe('a document as YAML', () => {
  test('is the published document, word for word', () => {
    const base = parse(readFileSync('openapi/retrofit.yaml', 'utf8')) as JsonObject
    const bot = { name: 'b', version: '1', digest: 'd', title: 'B', adapter: 'echo', source: '', actions: sampleActions }
    const bots = [{ ...bot, target: { url: 'x', waiting: 1, egress: [], env: {} } }]
    const document = openApiDocument({ base, serverUrl: '/', allows: () => true, bots })
    readBack(JSON.parse(JSON.stringify(document)))
  })

  test('any text stays text, as a name, a value and an item', () => {
    readBack({
      values: Object.fromEntries(texts.map((text, i) => [`k${i}`, text])),
      items: texts,
      names: Object.fromEntries(texts.map(text => [text, 1]))
    })
  })

  test('any shape stays what it is', () => {
    const random = seeded(7)
    const make = (depth: number): Json => {
      const kind = Math.floor(random() * (depth > 0 ? 7 : 4))
      if (kind === 0) return texts[Math.floor(random() * texts.length)] as string
      if (kind === 1) return [0, -0.5, 1e21, 1e-7, 12345678901][Math.floor(random() * 5)] as number
      if (kind === 2) return random() < 0.5
      if (kind === 3) return null
      const size = Math.floor(random() * 4)
      const items = Array.from({ length: size }, () => make(depth - 1))
      return kind === 4 ? items : Object.fromEntries(items.map((item, i) => [`${texts[Math.floor(random() * texts.length)]}${i}`, item]))
    }
    for (let i = 0; i < 200; i++) readBack({ it: make(5) })
  })

  test('what has no value is left out', () => {
    expect(writeYaml({ a: undefined, b: { c: undefined }, d: [{ e: 1, f: undefined }] } as unknown as JsonObject)).toBe(
      'b: {}\nd:\n  - e: 1\n'
    )
  })
})
