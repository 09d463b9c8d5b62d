/** Pairs of schemas, the second one a bent copy of the first, and values for them; all of a small world, so that they meet. */

// biome-ignore lint/suspicious/noExplicitAny: schemas of any shape are made
type Any = any
type Random = () => number

const names = ['a', 'b', 'c', 'ab']
const texts = ['', 'a', 'ab', 'b1', 'abc', '2026-01-31', '12', 'é']
const numbers = [-3, -1, 0, 1, 2, 2.5, 3, 4, 6, 0.5]
const patterns = ['^a', 'b$', '^[a-b]*$', '^[a-z0-9]+$', '^.{1,2}$', '[0-9]', '^(ab|b1)?$', '^\\w+$']

export const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

export function randomValue(random: Random, depth = 3): Any {
  const r = random()
  if (depth > 0 && r < 0.35)
    return Object.fromEntries(names.filter(() => random() < 0.5).map(name => [name, randomValue(random, depth - 1)]))
  if (depth > 0 && r < 0.5) return Array.from({ length: Math.floor(random() * 4) }, () => randomValue(random, depth - 1))
  if (r < 0.7) return pick(random, texts)
  return r < 0.9 ? pick(random, numbers) : pick(random, [null, true, false])
}

export function randomSchema(random: Random, depth = 3): Any {
  const chance = (p: number) => random() < p
  const inner = () => randomSchema(random, depth - 1)
  const some = (keyword: string, value: () => Any, p = 0.3) => (chance(p) ? { [keyword]: value() } : {})
  const few = <T>(list: readonly T[]): T[] => list.filter(() => chance(0.4))
  const text = () => ({
    type: 'string',
    ...some('minLength', () => pick(random, [0, 1, 2])),
    ...some('maxLength', () => pick(random, [1, 2, 3])),
    ...some('pattern', () => pick(random, patterns)),
    ...some('format', () => 'date', 0.1)
  })
  const number = () => ({
    type: pick(random, ['integer', 'number']),
    ...some('minimum', () => pick(random, numbers)),
    ...some('exclusiveMaximum', () => pick(random, numbers)),
    ...some('multipleOf', () => pick(random, [1, 2, 0.5, 3]))
  })
  const condition = () => ({
    if: { required: ['a'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: few(names) },
    else: { maxProperties: 2 }
  })
  const object = () => ({
    type: 'object',
    properties: Object.fromEntries(few(names).map(name => [name, inner()])),
    additionalProperties: chance(0.5) ? false : chance(0.5) ? true : inner(),
    ...some('required', () => few(names)),
    ...some('patternProperties', () => ({ [pick(random, ['^a', 'b$'])]: inner() }), 0.15),
    ...some('propertyNames', () => ({ pattern: pick(random, ['^a', '^[ab]+$']) }), 0.1),
    ...some('minProperties', () => 1, 0.1),
    ...some('maxProperties', () => pick(random, [1, 2]), 0.1),
    ...some('dependentRequired', () => ({ a: few(names) }), 0.1),
    ...some('dependentSchemas', () => ({ b: { required: few(names) } }), 0.1),
    ...(chance(0.1) ? condition() : {})
  })
  const list = () => ({
    type: 'array',
    ...some('items', inner, 0.6),
    ...some('prefixItems', () => [inner(), ...(chance(0.3) ? [inner()] : [])], 0.2),
    ...some('minItems', () => pick(random, [0, 1, 2])),
    ...some('maxItems', () => pick(random, [1, 2, 3])),
    ...some('uniqueItems', () => true, 0.15),
    ...some('contains', inner, 0.15)
  })
  const union = () => ({ [pick(random, ['anyOf', 'oneOf'])]: [inner(), inner(), ...(chance(0.3) ? [inner()] : [])] })
  const listed = () => ({ enum: [...new Set([pick(random, texts), pick(random, numbers), pick(random, texts), null])] })
  const flat = [
    text,
    number,
    listed,
    () => ({ const: pick(random, texts) }),
    () => ({ type: ['string', 'null'] }),
    () => ({ type: 'boolean' }),
    () => true
  ]
  if (depth <= 0) return pick(random, flat)()
  const both = () => ({ allOf: [inner(), inner()] })
  const not = () => ({ not: inner() })
  const ref = () => ({ $ref: pick(random, ['#/$defs/tree', '#/$defs/part']) })
  return pick(random, [...flat, object, object, object, list, list, union, union, both, not, ref])()
}

export function randomRoot(random: Random): Any {
  const tree = { type: 'object', properties: { a: { $ref: '#/$defs/tree' }, b: randomSchema(random, 0) }, additionalProperties: false }
  return { type: 'object', ...randomObject(random), $defs: { tree, part: randomSchema(random, 1) } }
}

const randomObject = (random: Random): Any => ({
  properties: Object.fromEntries(names.filter(() => random() < 0.6).map(name => [name, randomSchema(random, 2)])),
  additionalProperties: random() < 0.7 ? false : randomSchema(random, 1),
  ...(random() < 0.4 ? { required: names.filter(() => random() < 0.3) } : {})
})

/** A copy with one to three places made anew, taken away or moved a little. */
export function bent(random: Random, schema: Any): Any {
  const copy = structuredClone(schema)
  for (let count = Math.ceil(random() * 3); count > 0; count -= 1) bend(random, copy)
  return copy
}

function bend(random: Random, root: Any): void {
  const spots: { holder: Any; key: string | number }[] = []
  const visit = (value: Any) => {
    if (typeof value !== 'object' || value === null) return
    for (const key of Object.keys(value)) {
      spots.push({ holder: value, key: Array.isArray(value) ? Number(key) : key })
      visit(value[key])
    }
  }
  visit(root)
  const { holder, key } = pick(random, spots)
  const value = holder[key]
  if (key === 'type' && holder === root) return
  if (typeof value === 'number') holder[key] = Math.max(key === 'multipleOf' ? 0.5 : 0, value + pick(random, [-1, 1, 2]))
  else if (key === 'additionalProperties') holder[key] = pick(random, [true, value, randomSchema(random, 1)])
  else if (Array.isArray(value) && value.length > 1) value.splice(Math.floor(random() * value.length), 1)
  else if (Array.isArray(value) && key === 'enum') value.push('abc')
  else if (typeof value === 'object' && value !== null && ('type' in value || 'enum' in value || 'const' in value))
    replace(random, holder, key)
  else if (
    typeof key === 'string' &&
    ['pattern', 'format', 'minimum', 'maxLength', 'required', 'uniqueItems', 'not', 'contains'].includes(key)
  )
    delete holder[key]
}

function replace(random: Random, holder: Any, key: string | number): void {
  const value = holder[key]
  const choice = random()
  if (choice < 0.3) holder[key] = { anyOf: [value, randomSchema(random, 1)] }
  else if (choice < 0.5) holder[key] = { allOf: [value, randomSchema(random, 1)] }
  else if (choice < 0.7) holder[key] = randomSchema(random, 1)
  else if (choice < 0.8) holder[key] = true
  else if (choice < 0.9) holder[key] = { oneOf: [value, { const: 'new' }] }
}

/** A value that may fit the schema: where it says something, mostly that. */
export function valueFor(random: Random, schema: Any, root: Any, depth = 4): Any {
  const again = (inner: Any) => valueFor(random, inner, root, depth - 1)
  if (typeof schema !== 'object' || depth < 0 || random() < 0.05) return randomValue(random, 1)
  if (schema.$ref !== undefined) return again(root.$defs[schema.$ref.split('/')[2]])
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return pick(random, schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return again(pick(random, choices))
  if (schema.allOf !== undefined) return merged(schema.allOf.map(again))
  if (schema.type === 'object') {
    const wanted = names.filter(name => schema.required?.includes(name) || random() < 0.4)
    return Object.fromEntries(wanted.map(name => [name, again(schema.properties?.[name] ?? schema.additionalProperties ?? true)]))
  }
  if (schema.type !== 'array') return schema.type === 'string' ? pick(random, texts) : randomValue(random, 0)
  const length = (schema.minItems ?? 0) + Math.floor(random() * 3)
  return Array.from({ length }, (_, index) => again(schema.prefixItems?.[index] ?? schema.items ?? schema.contains ?? true))
}

const merged = (values: Any[]): Any =>
  values.every(value => typeof value === 'object' && !Array.isArray(value)) ? Object.assign({}, ...values) : values[0]
