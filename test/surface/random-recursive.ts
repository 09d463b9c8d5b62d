/** Schemas that lead back to themselves in every way that an author could write, and valid inputs for them, from a seed. */
import { mark } from './model.ts'
import { seeded } from './random-schema.ts'

// biome-ignore lint/suspicious/noExplicitAny: schemas of any shape are made
type Any = any

interface Sample {
  readonly schema: Any
  /** A new valid value at each call; the deeper it is, the smaller. */
  value(depth: number): Any
}

export interface RandomSchema {
  readonly schema: Any
  value(): Any
}

export function randomRecursive(seed: number): RandomSchema {
  const random = seeded(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const chance = (p: number): boolean => random() < p
  const texts = ['a', '', '42', 'null', '{"a":1}', '"quoted"', '[1]', 'true']
  const free = (): Any => pick([{ any: [1, { thing: null }] }, {}, { a: 'b' }])

  /** What leads nowhere. */
  const plain: readonly (() => Sample)[] = [
    () => ({ schema: { type: 'string', maxLength: 20 }, value: () => pick(texts) }),
    () => ({ schema: { type: 'integer', minimum: 0 }, value: () => Math.floor(random() * 9) }),
    () => ({ schema: { type: 'boolean' }, value: () => chance(0.5) }),
    () => ({ schema: pick([{ type: 'null' }, { const: null }, { enum: [null] }]), value: () => null }),
    () => ({ schema: { type: ['string', 'object'] }, value: () => (chance(0.5) ? pick(texts) : free()) }),
    () => ({
      schema: { anyOf: [{ type: 'object' }, { type: 'string' }, { type: 'null' }] },
      value: () => pick([null, free(), pick(texts)])
    }),
    () => ({ schema: { type: ['array', 'string'] }, value: () => pick([[1, 'a', null], [], 'text', '[1]']) }),
    () => ({ schema: { type: 'array' }, value: () => pick([[], [1, 'a', { x: [] }], ['42', true]]) }),
    () => ({ schema: { type: 'array', items: false }, value: () => [] }),
    () => ({ schema: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false }, value: () => ['x', 1] }),
    () => ({ schema: { enum: [1, 'a', null, true, 1.5] }, value: () => pick([1, 'a', null, true, 1.5]) }),
    () => ({ schema: { enum: [[1, 2], { x: 'y' }, 'z'] }, value: () => pick([[1, 2], { x: 'y' }, 'z']) }),
    () => ({ schema: { enum: ['', 'a'] }, value: () => pick(['', 'a']) }),
    () => ({ schema: {}, value: () => pick([1, 'a', [1], { a: null }, true, '42']) }),
    () => ({ schema: { type: 'object', additionalProperties: { type: ['string', 'null'] } }, value: () => ({ k: 'v', n: null }) }),
    () => ({
      schema: {
        anyOf: [
          { type: 'array', items: { type: 'string' } },
          { type: 'object', additionalProperties: { type: 'integer' } }
        ]
      },
      value: () => pick([['a'], [], { k: 1 }])
    })
  ]

  const names = ['Node', 'Map', 'Either', 'Odd name%'].filter((_, i) => i === 0 || chance(0.4))
  const pointer = (name: string): string => `#/$defs/${encodeURIComponent(name)}`
  const defs = new Map<string, Sample>()
  const ends = (depth: number): boolean => depth <= 0 || chance(0.3)

  /** A reference, with nothing or something beside it. */
  function reference(ending = false): Sample {
    const name = pick(names)
    const to = { $ref: pointer(name) }
    const value = (depth: number) => (defs.get(name) as Sample).value(depth)
    const wraps: readonly (() => Sample)[] = [
      () => ({ schema: to, value }),
      () => ({ schema: { ...to, minProperties: 1 }, value }),
      () => ({ schema: { allOf: [to, { minProperties: 1 }] }, value }),
      () => ({ schema: { allOf: [{ allOf: [to] }, to], maxProperties: 40 }, value }),
      () => ({ schema: { minProperties: 1, anyOf: [{ type: 'string' }, to] }, value: depth => (ends(depth) ? pick(texts) : value(depth)) }),
      () => ({ schema: { anyOf: [to, { type: 'null' }] }, value: depth => (ends(depth) ? null : value(depth)) }),
      () => ({ schema: { oneOf: [to, { type: 'integer' }], maxProperties: 40 }, value: depth => (ends(depth) ? 7 : value(depth)) })
    ]
    return pick(ending ? wraps.slice(4) : wraps)()
  }

  const any = (): Sample => (chance(0.5) ? reference() : pick(plain)())
  const described = (schema: Any, name: string): Any => ({ ...schema, description: `About ${mark(name)}` })

  function object(members: readonly string[], needed: readonly string[]): Sample {
    const made = members.map(name => ({ name, sample: needed.includes(name) ? pick(plain.slice(0, 4))() : any() }))
    return {
      schema: {
        type: 'object',
        required: needed,
        properties: Object.fromEntries(made.map(({ name, sample }) => [name, described(sample.schema, name)])),
        additionalProperties: false
      },
      value: depth =>
        Object.fromEntries(
          made.filter(({ name }) => needed.includes(name) || !ends(depth)).map(({ name, sample }) => [name, sample.value(depth - 1)])
        )
    }
  }

  function map(): Sample {
    const inside = chance(0.7) ? reference(true) : pick(plain)()
    return {
      schema: { type: 'object', additionalProperties: inside.schema },
      value: depth => ({ one: inside.value(depth - 1), ...(ends(depth) ? {} : { two: inside.value(depth - 1) }) })
    }
  }

  function either(): Sample {
    const inside = reference()
    const choice = pick([
      { type: 'array', items: inside.schema },
      { type: 'object', required: ['in'], properties: { in: described(inside.schema, 'in') }, additionalProperties: false }
    ])
    const wrapped = (depth: number): Any => (choice.type === 'array' ? [inside.value(depth - 1)] : { in: inside.value(depth - 1) })
    return { schema: { anyOf: [{ type: 'string' }, choice] }, value: depth => (ends(depth) ? pick(texts) : wrapped(depth)) }
  }

  const kinds: readonly (() => Sample)[] = [
    () => object(['label', 'next', ...(chance(0.4) ? ['a-b'] : [])], ['label']),
    map,
    either,
    () => object(['id', 'more'], ['id'])
  ]
  for (const [i, name] of names.entries()) defs.set(name, (kinds[i] as () => Sample)())
  const root = object(['first', ...['second', 'Order No.'].filter(() => chance(0.6))], ['first'])
  return {
    schema: { ...root.schema, $defs: Object.fromEntries([...defs].map(([name, { schema }]) => [name, schema])) },
    value: () => root.value(3)
  }
}
