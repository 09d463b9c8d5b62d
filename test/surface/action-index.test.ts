import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Action, JsonObject } from '../../src/core/types.ts'
import { createActionIndex } from '../../src/surface/action-index.ts'
import { argumentWords } from '../../src/surface/argument-words.ts'
import { termsOf } from '../../src/surface/search-terms.ts'
import { readBfcl, readFunctions, recallOf } from '../bench/functions.ts'
import { actionWith } from './actions.ts'

const action = (name: string, description: string, more: Partial<Action> = {}): Action =>
  ({ ...actionWith(name, { type: 'object' }), title: '', description, ...more }) as Action
const bank = [
  action('teller_get_balance', 'Current balance of one account.'),
  action('teller_transfer', 'Moves money from one account to another.', {
    input: { type: 'object', properties: { iban: { type: 'string', description: 'Of the payee' } } }
  }),
  action('teller_list_transactions', 'The last bookings.', { title: 'List transactions' }),
  action('kasse_ueberweisung', 'Überweisung an einen Empfänger.', { title: 'Überweisen' }),
  action('kanjo_zandaka', '口座の残高を調べます。', { title: '残高照会' }),
  action('eunhaeng_jango', '계좌의 잔액을 조회합니다.', { title: '잔액 조회' })
]
const found = async (query: string, actions: readonly Action[] = bank) =>
  (await createActionIndex(actions)).search(query).map(({ name }) => name)

describe('a search for actions', () => {
  test.each([
    ['what is left on the account, its balance', 'teller_get_balance'],
    ['transferring money', 'teller_transfer'],
    ['an IBAN', 'teller_transfer'],
    ['the payees', 'teller_transfer'],
    ['Transaction', 'teller_list_transactions'],
    ['teller_list_transactions', 'teller_list_transactions'],
    ['ÜBERWEISUNG', 'kasse_ueberweisung'],
    ['uberweisung', 'kasse_ueberweisung'],
    ['残高を知りたい', 'kanjo_zandaka'],
    ['잔액이 궁금해요', 'eunhaeng_jango'],
    ['balnace', 'teller_get_balance'],
    ['transac', 'teller_list_transactions'],
    ['"balance" [account] {x} \\ (balance)*', 'teller_get_balance']
  ])('for %j finds %s first', async (query, name) => {
    expect((await found(query))[0]).toBe(name)
  })

  test.each([
    ['no text', ''],
    ['a space', ' '],
    ['punctuation', '…?!'],
    ['a word of something else', 'zebra'],
    ['filler', 'what can you do for me'],
    ['a control character', '\u0000'],
    ['one long word', 'x'.repeat(100_000)]
  ])('for %s finds nothing', async (_, query) => {
    expect(await found(query)).toEqual([])
  })

  test('finds nothing among no actions', async () => {
    expect(await found('balance', [])).toEqual([])
  })

  test('reads the beginning of a query that has no end', async () => {
    expect((await found(`balance ${'of the account and more '.repeat(100_000)}`))[0]).toBe('teller_get_balance')
  })

  test('puts equals in the order of their names, whatever the order they came in', async () => {
    const twins = ['c', 'a', 'b'].map(name => action(`x_${name}`, 'The same.'))
    expect(await found('same', twins)).toEqual(['x_a', 'x_b', 'x_c'])
  })

  test('lets others have their turn while a large catalogue is read', async () => {
    const large = Array.from({ length: 3_000 }, (_, i) => action(`bot_do_${i}`, `Does thing number ${i} with a word like w${i % 997}.`))
    let turns = 0
    const count = setInterval(() => turns++, 0)
    await createActionIndex(large)
    clearInterval(count)
    expect(turns).toBeGreaterThan(1)
  })
})

describe('the words of a text', () => {
  test.each([
    ['accountNo GetAccountPDFFile', ['account', 'no', 'get', 'account', 'pdf', 'file']],
    ['teller_get_balance', ['teller', 'get', 'balanc']],
    ['Would you please look the flights up', ['get', 'flight', 'up']],
    ['__proto__ constructor', ['proto', 'constructor']]
  ])('of %j are %j', (text, words) => {
    expect(termsOf(text)).toEqual(words)
  })
})

describe('the words of arguments', () => {
  const deep = (levels: number): JsonObject => (levels === 0 ? { description: 'bottom' } : { properties: { x: deep(levels - 1) } })
  test.each<[string, JsonObject, string]>([
    ['a choice', { properties: { kind: { enum: ['express', 3, null] } } }, 'kind express'],
    ['a list of objects', { properties: { rows: { items: { properties: { iban: { title: 'IBAN of it' } } } } } }, 'rows iban IBAN of it'],
    [
      'an argument that is called as a keyword',
      { properties: { properties: { type: 'string' }, items: { description: 'Two' } } },
      'properties items Two'
    ],
    ['alternatives', { anyOf: [{ properties: { a: true } }, { properties: { b: false } }] }, 'a b'],
    ['what is no schema', { properties: { a: null, b: 3 } as unknown as JsonObject }, 'a b'],
    ['more levels than anybody fills in', deep(100), Array(13).fill('x').join(' ')]
  ])('of %s', (_, schema, words) => {
    expect(argumentWords(schema)).toBe(words)
  })

  test('are no more than a search needs', () => {
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`argument${i}`, { type: 'string' }]))
    expect(argumentWords({ properties: many }).length).toBeLessThan(8_100)
  })
})

describe('our own set of functions and questions', () => {
  const set = readFunctions(join(import.meta.dirname, '../bench/functions'))

  test('finds the right function first for 48 in 100 questions, among the first five for 76 and among the first ten for 83', async () => {
    expect([set.actions.length, set.questions.length]).toEqual([117, 94])
    const index = await createActionIndex(set.actions)
    const recall = recallOf(set, query => index.search(query))
    expect(recall.at1).toBeGreaterThanOrEqual(0.48)
    expect(recall.at5).toBeGreaterThanOrEqual(0.76)
    expect(recall.at10).toBeGreaterThanOrEqual(0.83)
  })

  test('has each name once, says what everything is, and asks only for what it has', () => {
    const names = new Set(set.actions.map(({ name }) => name))
    expect(names.size).toBe(set.actions.length)
    for (const { title, description, input } of set.actions) {
      const texts = Object.values(input.properties as Readonly<Record<string, JsonObject>>).map(property => property.description)
      expect([title, description, ...texts]).toEqual(Array(texts.length + 2).fill(expect.stringMatching(/../)))
    }
    expect(set.questions.filter(({ answer }) => !names.has(answer))).toEqual([])
    expect(new Set(set.questions.map(({ question }) => question)).size).toBe(set.questions.length)
  })
})

test('a set of the Berkeley Function Calling Leaderboard is read as it is published', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'retrofit-bfcl-'))
  const file = (name: string, rows: readonly object[]): string => {
    writeFileSync(join(folder, name), rows.map(row => `${JSON.stringify(row)}\n`).join(''))
    return join(folder, name)
  }
  const said = (content: string) => [
    [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content }
    ]
  ]
  const tea = { name: 'tea.brew', description: 'Brews tea.', parameters: { type: 'dict', properties: { leaves: { type: 'string' } } } }
  const asked = file('asked.json', [
    { id: 'a', question: said('A tea, please'), function: [tea, { name: 'mill', description: 'Grinds.' }] },
    { id: 'b', question: said('Which leaves?'), function: [{ ...tea, description: 'Another text.' }] }
  ])
  const answers = file('answers.json', [
    { id: 'a', ground_truth: [{ 'tea.brew': { leaves: ['green'] } }] },
    { id: 'b', ground_truth: [{ mill: {} }] }
  ])
  const set = readBfcl(asked, answers)
  rmSync(folder, { recursive: true })
  expect(set.questions).toEqual([
    { question: 'A tea, please', answer: 'tea.brew' },
    { question: 'Which leaves?', answer: 'mill' }
  ])
  const index = await createActionIndex(set.actions)
  expect([set.actions.length, recallOf(set, query => index.search(query))]).toEqual([2, { at1: 0.5, at5: 0.5, at10: 0.5 }])
})
