/** Schemas and valid inputs for them, from a seed. Each property's description carries its name, so that a model finds it. */
import { mark } from './model.ts'

// biome-ignore lint/suspicious/noExplicitAny: schemas of any shape are made
type Any = any

/** mulberry32 */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface Sample {
  readonly schema: Any
  /** A new valid value at each call. */
  value(): Any
}

const names = ['account', 'Order No.', '2fa', 'from', 'straße', 'a-b', 'value', 'note', 'name', 'constructor_', 'x'.repeat(70)]

export function randomInput(random: () => number): Sample {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const chance = (p: number): boolean => random() < p

  const scalars: readonly (() => Sample)[] = [
    () => ({ schema: { type: 'string', maxLength: 9 }, value: () => pick(['a', '', '42', 'null', '{"a":1}']) }),
    () => ({ schema: { type: 'integer', minimum: -5, exclusiveMaximum: 100 }, value: () => Math.floor(random() * 100) - 5 }),
    () => ({ schema: { type: 'number' }, value: () => random() * 10 }),
    () => ({ schema: { type: 'boolean' }, value: () => chance(0.5) }),
    () => ({ schema: { enum: ['red', 'green', 3, null] }, value: () => pick(['red', 'green', 3, null]) }),
    () => ({ schema: { type: 'integer', enum: [1, 2] }, value: () => pick([1, 2]) }),
    () => ({ schema: { const: 'fixed' }, value: () => 'fixed' }),
    () => ({ schema: { type: ['string', 'null'] }, value: () => pick(['s', null]) }),
    () => ({ schema: { type: ['string', 'integer', 'null'] }, value: () => pick(['s', 7, null]) }),
    () => ({ schema: { type: 'string', format: 'uri' }, value: () => 'https://x.test/' })
  ]

  const described = (schema: Any, name: string): Any => ({ ...schema, description: `About ${mark(name)}` })

  function object(depth: number, fixed: Any = {}): Sample {
    const chosen = names.filter(() => chance(0.3))
    const members = chosen.map(name => ({ name, required: chance(0.5), sample: any(depth - 1) }))
    const rest = chance(0.2) ? any(0, true) : undefined
    const schema = {
      type: 'object',
      properties: { ...fixed, ...Object.fromEntries(members.map(({ name, sample }) => [name, described(sample.schema, name)])) },
      required: [...Object.keys(fixed), ...members.filter(({ required }) => required).map(({ name }) => name)],
      additionalProperties: rest?.schema ?? false
    }
    return {
      schema,
      value: () => ({
        ...Object.fromEntries(Object.entries<Any>(fixed).map(([name, { const: constant }]) => [name, constant])),
        ...Object.fromEntries(members.filter(({ required }) => required || chance(0.5)).map(({ name, sample }) => [name, sample.value()])),
        ...(rest !== undefined && chance(0.5) ? { 'free one': rest.value() } : {})
      })
    }
  }

  function union(depth: number): Sample {
    const branches = ['card', 'iban'].map(kind => object(depth - 1, { kind: { const: kind, description: mark('kind') } }))
    const keyword = pick(['oneOf', 'anyOf'])
    const orNull = chance(0.3)
    return {
      schema: { [keyword]: [...branches.map(({ schema }) => schema), ...(orNull ? [{ type: 'null' }] : [])] },
      value: () => (orNull && chance(0.3) ? null : pick(branches).value())
    }
  }

  function map(depth: number): Sample {
    const inside = any(depth - 1)
    const value = () => Object.fromEntries(['k 1', 'k2', 'name'].filter(() => chance(0.5)).map(key => [key, inside.value()]))
    return { schema: { type: 'object', additionalProperties: inside.schema }, value }
  }

  function list(depth: number): Sample {
    const inside = any(depth - 1)
    return {
      schema: { type: 'array', items: inside.schema, maxItems: 9 },
      value: () => Array.from({ length: Math.floor(random() * 3) }, inside.value)
    }
  }

  function tree(): Sample {
    const value = (depth: number): Any => ({ label: 'l', ...(depth > 0 && chance(0.7) ? { children: [value(depth - 1)] } : {}) })
    return { schema: { $ref: '#/$defs/Tree' }, value: () => value(3) }
  }

  const shared: Sample = { schema: { $ref: '#/$defs/Shared-1' }, value: () => ({ 'the id': 1, ...(chance(0.5) ? { memo: 'm' } : {}) }) }
  const free: Sample = { schema: { type: 'object' }, value: () => ({ any: [1, { thing: null }] }) }

  function both(depth: number): Sample {
    const [a, b] = [object(depth - 1), object(depth - 1)]
    const open = ({ schema: { additionalProperties: _, ...rest } }: Sample): Any => rest
    const strip = (value: Any): Any => Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'free one'))
    const clash = Object.keys(a.schema.properties).some(name => name in b.schema.properties)
    if (clash) return a
    return { schema: { allOf: [open(a), open(b)] }, value: () => ({ ...strip(a.value()), ...strip(b.value()) }) }
  }

  function any(depth: number, plain = false): Sample {
    if (depth <= 0 || chance(0.45)) return pick(plain ? scalars.slice(0, 4) : scalars)()
    return pick([object, union, map, list, tree, () => shared, () => free, both])(depth)
  }

  const root = object(3)
  const $defs = {
    Tree: {
      type: 'object',
      required: ['label'],
      properties: {
        label: { type: 'string', description: mark('label') },
        children: { type: 'array', items: { $ref: '#/$defs/Tree' }, description: mark('children') }
      },
      additionalProperties: false
    },
    'Shared-1': {
      type: 'object',
      required: ['the id'],
      properties: { 'the id': { type: 'integer', description: mark('the id') }, memo: { type: 'string', description: mark('memo') } },
      additionalProperties: false
    }
  }
  return { schema: { ...root.schema, $defs }, value: root.value }
}
