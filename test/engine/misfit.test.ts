/** The target has answered, and no output can be made of its answer: what is known of the effect does not get lost with it. */
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Call } from '../../src/core/adapter.ts'
import { BusinessError, RetrofitError } from '../../src/core/errors.ts'
import { compileSchema } from '../../src/core/schema.ts'
import type { Action, Bot, Run } from '../../src/core/types.ts'
import { caller, type Opened, openEngine, payBot, type Script } from './open-engine.ts'

let opened: Opened | undefined
afterEach(async () => {
  await opened?.close()
  opened = undefined
})

const output = {
  type: 'object',
  required: ['booked'],
  properties: { booked: { type: 'number', multipleOf: 0.01 }, holder: { type: 'string', 'x-sensitive': 'pii' } }
} as const
const strict = (changes: Partial<Action> = {}): Bot => payBot({ output, checkOutput: compileSchema(output), ...changes })

let count = 0
const order = (idempotencyKey = 'k') => ({
  caller,
  action: 'pay_money',
  input: { reference: `ref-${++count}`, pin: '4711' },
  idempotencyKey
})

async function pay(script: Script, bot = strict()): Promise<Run> {
  opened = await openEngine({ script, bot })
  return opened.ended((await opened.engine.submit(order())).run)
}

const textOf = async ({ id }: Run, name: string): Promise<string> => {
  const file = await opened?.parts.store.artifacts.get(id, name)
  return Buffer.from(file?.content ?? []).toString('utf8')
}

const known = { status: 'failed', effect: 'committed', error: { code: 'invalid_output', status: 502, retryable: false } }
const ambiguous = { status: 'outcome_unknown', effect: 'unknown' }
const raw = async (call: Call) => call.attach('answer-1.txt', Buffer.from('<raw/>'), 'text/plain')

describe('after the commit point', () => {
  test('an output that does not fit its schema: committed, and what was read is kept, masked', async () => {
    const run = await pay({
      run: async call => {
        await call.commit()
        call.answered({ keep: () => raw(call) })
        return { booked: 0.123, holder: 'Ada Lovelace', note: 'pin 4711' }
      }
    })
    expect(run).toMatchObject(known)
    expect(run.error?.errors).toEqual([{ pointer: '/booked', message: 'must be multiple of 0.01' }])
    expect(run.error?.hint).toMatch(/^It was done: do not send it again/)
    expect(run.artifacts.map(({ name }) => name)).toEqual(['read-1.json', 'answer-1.txt'])
    expect(await textOf(run, 'answer-1.txt')).toBe('<raw/>')
    const read = await textOf(run, 'read-1.json')
    expect(read).toContain('0.123')
    expect(read).not.toMatch(/Ada|4711/)
  })

  test('an amount of two decimals above a hundred thousand is a multiple of 0.01', async () => {
    const answers = async (call: Call) => {
      await call.commit()
      return { booked: 131_072.13 }
    }
    expect(await pay({ run: answers })).toMatchObject({ status: 'completed', effect: 'committed' })
  })

  test.each([
    ['an expression that fails', new Error('{{ x.y }} is not an expression')],
    ['an error that says to try again', new RetrofitError('target_failed', { detail: 'no such value', retryable: true })]
  ])('%s when the answer was read: committed', async (_, error) => {
    let attempts = 0
    const run = await pay({
      run: async call => {
        attempts += 1
        await call.commit()
        call.answered({ value: { answer: 42 } })
        throw error
      }
    })
    expect(run).toMatchObject(known)
    expect(run.error?.detail).toBe(`The target answered, and no output can be made of its answer: ${error.message}`)
    expect(await textOf(run, 'read-1.json')).toContain('42')
    expect(attempts).toBe(1)
  })

  test('an adapter that says itself that it was done is believed', async () => {
    const run = await pay({
      run: async call => {
        await call.commit()
        throw new RetrofitError('invalid_output', { detail: 'The value is none', effect: 'committed' })
      }
    })
    expect(run).toMatchObject({ ...known, error: { code: 'invalid_output', detail: 'The value is none' } })
  })

  test('nothing is kept where the action wants no evidence', async () => {
    const answers = async (call: Call) => {
      await call.commit()
      return 'odd'
    }
    const run = await pay({ run: answers }, strict({ evidence: 'none' }))
    expect(run).toMatchObject({ ...known, artifacts: [] })
  })

  test('of a large output only the beginning is kept', async () => {
    const answers = async (call: Call) => {
      await call.commit()
      return { booked: 'odd', note: 'x'.repeat(500_000) }
    }
    const run = await pay({ run: answers })
    expect(run).toMatchObject(known)
    expect(run.artifacts[0]?.bytes).toBe(65_536)
  })

  test('the key keeps pointing at the run, and nothing is done twice', async () => {
    let effects = 0
    const script: Script = {
      run: async call => {
        await call.commit()
        effects += 1
        return 'odd'
      }
    }
    opened = await openEngine({ script, bot: strict() })
    const call = order('once')
    const { run } = await opened.engine.submit(call)
    await opened.ended(run)
    const again = await opened.engine.submit(call)
    expect([again.outcome, again.run.id, effects]).toEqual(['replayed', run.id, 1])
  })

  test('a limit that ends the run while its output is made says nothing against the effect', async () => {
    const run = await pay(
      {
        run: async call => {
          await call.commit()
          call.answered({})
          return new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason)))
        }
      },
      strict({ timeouts: { queueMs: 5_000, runMs: 300 } })
    )
    expect(run).toMatchObject(known)
  })

  test.each([
    ['without an answer', () => new Error('connection reset')],
    ['with an answer that nobody recognised', () => new RetrofitError('invalid_output', { detail: 'no SOAP', effect: 'unknown' })]
  ])('%s nobody can tell', async (_, error) => {
    const run = await pay({
      run: async call => {
        await call.commit()
        throw error()
      }
    })
    expect(run).toMatchObject(ambiguous)
  })

  test('a target that said no is heard before anything else', async () => {
    const run = await pay({
      run: async call => {
        await call.commit()
        call.answered({})
        throw new BusinessError('refused', 'No')
      }
    })
    expect(run).toMatchObject({ status: 'failed', effect: 'none', error: { code: 'refused' } })
  })
})

describe('before the commit point', () => {
  test('what was read is kept too, and nothing was done', async () => {
    const run = await pay({ run: async () => ({ booked: 'odd' }) })
    expect(run).toMatchObject({ status: 'failed', effect: 'none', error: { code: 'invalid_output' } })
    expect(await textOf(run, 'read-1.json')).toContain('odd')
  })
})

describe('a probe that found the effect', () => {
  const lost = async (call: Call) => {
    await call.commit()
    throw new Error('connection reset')
  }

  test.each([
    ['reads what does not fit', async () => ({ found: true as const, output: { booked: 'much' } })],
    [
      'can make no output of it',
      async (call: Call) => {
        call.answered({ value: { booked: 'much' } })
        throw new Error('{{ a.b }} fails')
      }
    ]
  ])('and %s: committed', async (_, probe) => {
    const run = await pay({ run: lost, probe })
    expect(run).toMatchObject(known)
    expect(await textOf(run, 'read-1.json')).toContain('much')
  })

  test('but is weak is not trusted, whatever it read', async () => {
    const probe = async () => ({ found: true as const, output: 'odd' })
    expect(await pay({ run: lost, probe }, strict({ probe: { weak: true } }))).toMatchObject(ambiguous)
  })

  test('a probe that fails before it found something leaves the outcome open', async () => {
    const probe = async () => Promise.reject(new Error('no page'))
    expect(await pay({ run: lost, probe })).toMatchObject(ambiguous)
  })
})
