/** An expression that gives nothing: what it says, and the word that allows it. */
import { expect, test } from '@jest/globals'
import { marksOf } from '../../src/core/credential-marks.ts'
import { readMark } from '../../src/core/expressions/optional.ts'
import { compileEncoded, compileTemplate, isTrue, type Json, RetrofitError, renderText, type Scope } from '../../src/index.ts'

const scope = (more: object = {}): Scope => ({
  input: { id: 'A', lines: [{ n: 1 }] },
  session: {},
  credentials: marksOf({ password: 'hunter2' }),
  env: {},
  steps: {},
  run: { id: 'run_1', reference: 'RF1', attempt: 1 },
  ...more
})

async function failure(value: Json, at: readonly (string | number)[] = ['steps', 2, 'fill', 'value']): Promise<RetrofitError> {
  const error = await compileTemplate(value, at)(scope()).catch(caught => caught)
  expect(error).toBeInstanceOf(RetrofitError)
  return error
}

test.each<[string, Json, string, string]>([
  ['a path', '{{ input.memo }}', 'invalid_input', 'steps[2].fill.value: {{ input.memo }} gives nothing: input.memo is not there.'],
  [
    'within a text',
    'x {{ input.memo }} y',
    'invalid_input',
    'steps[2].fill.value: {{ input.memo }} gives nothing: input.memo is not there.'
  ],
  [
    'a function',
    '{{ $trim(input.memo) }}',
    'invalid_input',
    'steps[2].fill.value: {{ $trim(input.memo) }} gives nothing: input.memo is not there.'
  ],
  [
    'below what is missing',
    '{{ input.a.b.c }}',
    'invalid_input',
    'steps[2].fill.value: {{ input.a.b.c }} gives nothing: input.a is not there.'
  ],
  [
    'the session',
    '{{ session.customer }}',
    'invalid_input',
    'steps[2].fill.value: {{ session.customer }} gives nothing: session.customer is not there.'
  ],
  ['what was not extracted', '{{ total }}', 'invalid_output', 'steps[2].fill.value: {{ total }} gives nothing: total is not there.'],
  ['a member', { a: [1, '{{ run.x }}'] }, 'invalid_output', 'steps[2].fill.value.a[1]: {{ run.x }} gives nothing: run.x is not there.'],
  ['no row that fits', '{{ input.lines[n = 2] }}', 'invalid_output', 'steps[2].fill.value: {{ input.lines[n = 2] }} gives nothing.']
])('%s', async (_, value, code, message) => {
  expect(await failure(value)).toMatchObject({ code, message, retryable: false, effect: 'none' })
})

test('what the caller can send has its pointer', async () => {
  expect((await failure('{{ $trim(input.memo) }}')).errors).toEqual([{ pointer: '/memo', message: 'is needed by this call' }])
})

test('a condition that gives nothing fails too, and holds its tongue when it is optional', async () => {
  await expect(isTrue(compileTemplate('{{ input.n > 1 }}'), scope())).rejects.toThrow('input.n is not there')
  expect(await isTrue(compileTemplate('{{ optional input.n > 1 }}'), scope())).toBe(false)
  expect(await isTrue(compileTemplate('{{ $exists(input.n) }}'), scope())).toBe(false)
})

test('optional: nothing in a text, no member, no item, and undefined as a whole', async () => {
  const template = compileTemplate({
    a: '{{ optional input.memo }}',
    b: ['{{ optional input.memo }}', 1],
    c: '[{{ optional $trim(input.memo) }}]',
    d: '{{ optional input.id }}'
  })
  expect(await template(scope())).toEqual({ b: [1], c: '[]', d: 'A' })
  expect(await compileTemplate('{{ optional (input.memo) }}')(scope())).toBeUndefined()
  expect(await renderText(compileTemplate('{{ optional input.memo }}'), scope())).toBe('')
  expect(await compileEncoded('/x?q={{ optional input.memo }}', () => value => String(value ?? ''))(scope())).toBe('/x?q=')
})

test('values that are there are values', async () => {
  const input = { a: null, b: '', c: 0, d: false, e: [], f: {} }
  for (const [name, value] of Object.entries(input)) expect(await compileTemplate(`{{ input.${name} }}`)(scope({ input }))).toEqual(value)
})

test.each([
  ['optional input.x', true],
  [' optional  $f(1)', true],
  ['optional (a ? b : c)', true],
  ['optional "x" & a', true],
  ['optional android', true],
  ['optional', false],
  ['optional.x', false],
  ['optional = 1', false],
  ['optional and x', false],
  ['optional or x', false],
  ['optional in x', false],
  ['optional[0]', false],
  ['optional & "x"', false],
  ['optionals x', false]
])('the word stands before an expression, and is a name elsewhere: %s', (text, optional) => {
  expect(readMark(text).optional).toBe(optional)
})

test('a mark of a credential is no value to leave out', async () => {
  await expect(compileTemplate('{{ optional credentials.password }}')(scope())).rejects.toMatchObject({ code: 'credential_refused' })
  await expect(compileTemplate('{{ credentials.pin }}')(scope())).rejects.toThrow('credentials.pin is not there')
})
