/**
 * A model that wants to say a certain input: it reads the parameters of a tool and nothing else, and writes what they ask for.
 * It knows an argument by the mark that every property's description carries.
 */

import { accepts } from './accepts.ts'

// biome-ignore lint/suspicious/noExplicitAny: it reads schemas of any shape
type Any = any

export const mark = (name: string): string => `«${name}»`

export function say(input: Any, schema: Any, root: Any = schema): Any {
  const here = schema.$ref === undefined ? schema : root.$defs[schema.$ref.replace('#/$defs/', '')]
  if (here.anyOf !== undefined) return sayBranch(input, here, root)
  const type = [here.type].flat()[0]?.toLowerCase()
  if (type === 'string' && /JSON text|written as text/.test(here.description ?? '') && input !== null) return JSON.stringify(input)
  if (Array.isArray(input)) return input.map(item => say(item, here.items ?? {}, root))
  if (type === 'array' && typeof input === 'object' && input !== null) return sayPairs(input, here, root)
  if (typeof input === 'object' && input !== null) return sayObject(input, here, root)
  return input
}

const sayPairs = (input: Any, { items }: Any, root: Any): Any =>
  Object.entries(input).map(([name, value]) => ({ name, value: say(value, items.properties.value, root) }))

function sayObject(input: Any, schema: Any, root: Any): Any {
  const said: Record<string, Any> = {}
  const left = new Map<string, Any>(Object.entries(input))
  for (const [name, member] of Object.entries<Any>(schema.properties ?? {})) {
    const own = [...left.keys()].find(key => textOf(member).includes(mark(key)))
    if (own !== undefined) {
      said[name] = sayMember(left.get(own), member, root)
      left.delete(own)
    } else if (schema.required?.includes(name) && name !== 'other_properties' && name !== 'input') said[name] = null
  }
  if (
    schema.properties?.input !== undefined &&
    Object.keys(schema.properties).length === 1 &&
    !textOf(schema.properties.input).includes(mark('input'))
  )
    return { input: say(input, schema.properties.input, root) }
  const others = schema.properties?.other_properties
  if (others !== undefined) {
    const list = others.anyOf?.[0] ?? others
    said.other_properties =
      left.size === 0 && schema.required?.includes('other_properties') ? null : sayPairs(Object.fromEntries(left), list, root)
  } else {
    for (const [key, value] of left) {
      if (typeof schema.additionalProperties === 'object') said[key] = say(value, schema.additionalProperties, root)
      else if (schema.additionalProperties === undefined) said[key] = value
      else throw new Error(`no argument for ${key} in ${JSON.stringify(schema)}`)
    }
  }
  return said
}

const textOf = (schema: Any): string => schema.description ?? ''

/** A property that may be left out or be null has a box. */
const sayMember = (value: Any, schema: Any, root: Any): Any =>
  /null when left out/.test(textOf(schema)) ? { value: say(value, schema.anyOf[0].properties.value, root) } : say(value, schema, root)

/** The branch that the input fits: by type, by const and by the names of what it holds. */
function sayBranch(input: Any, schema: Any, root: Any): Any {
  if (input === null && schema.nullable) return null
  for (const branch of schema.anyOf) {
    try {
      const said = say(input, branch, root)
      if (accepts(said, branch, root)) return said
    } catch {
      // not this one
    }
  }
  throw new Error(`no branch for ${JSON.stringify(input)} in ${JSON.stringify(schema)}`)
}
