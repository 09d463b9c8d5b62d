/** JSON Schema with OpenAPI's `xml` keywords → Mapping. Reports what the mapping can not do. */
import type { Json, JsonObject, JsonSchema } from '../../src/index.ts'
import { type Mapping, type Member, type Name, nameKey, type ObjectMapping, type ScalarMapping, type ScalarType } from './mapping.ts'
import type { Namespaces } from './namespaces.ts'

type Path = readonly (string | number)[]

export interface MappingContext {
  readonly namespaces: Namespaces
  /** The namespace of elements that do not name theirs. */
  readonly defaultUri: string
  /** Where `$ref` starts from. */
  readonly root: JsonSchema
  issue(path: Path, message: string): void
}

interface State extends MappingContext {
  readonly known: Map<JsonSchema, Mapping>
}

interface Xml {
  readonly name?: string
  readonly namespace?: string
  readonly prefix?: string
  readonly attribute?: boolean
  readonly wrapped?: boolean
  readonly 'x-text'?: boolean
}

const localName = /^[A-Za-z_\u00c0-\ufffd][\w.\-\u00b7-\ufffd]*$/
const xmlKeys = new Set(['name', 'namespace', 'prefix', 'attribute', 'wrapped', 'x-text'])
const scalarTypes: ReadonlySet<string> = new Set(['string', 'number', 'integer', 'boolean'])
const branching = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', 'not', 'dependentSchemas'] as const
const unmappable = ['prefixItems', 'patternProperties', 'unevaluatedProperties', 'contains', '$dynamicRef']
const nothing: ScalarMapping = { kind: 'scalar', type: 'string', format: undefined, token: false, allowed: undefined, nillable: false }

const isObject = (value: Json | undefined): value is JsonObject => value !== null && typeof value === 'object' && !Array.isArray(value)

/** The mapping of a whole request or answer: an object. */
export function compileMapping(context: MappingContext): ObjectMapping {
  const mapping = compile({ ...context, known: new Map() }, context.root, [])
  if (mapping.kind === 'object') return mapping
  context.issue([], 'must be of type object: its properties are the elements of the message')
  return { kind: 'object', attributes: [], text: undefined, elements: [], properties: new Set(), byName: new Map(), nillable: false }
}

function compile(state: State, schema: JsonSchema, path: Path): Mapping {
  const { meant, nillable: viaRef } = resolve(state, schema, path)
  const known = state.known.get(meant)
  if (known !== undefined) return known
  const { type, nillable } = typeOf(meant)
  for (const key of [...branching, ...unmappable]) refuseBranch(state, meant, key, path)
  if (type === 'object') return compileObject(state, meant, { path, nillable: nillable || viaRef })
  if (scalarTypes.has(type)) return compileScalar(meant, type as ScalarType, nillable || viaRef)
  state.issue(
    path,
    type === 'array'
      ? 'a list of lists has no XML: put an object between'
      : 'needs a type: object, array, string, number, integer or boolean'
  )
  return nothing
}

function compileScalar(schema: JsonSchema, type: ScalarType, nillable: boolean): ScalarMapping {
  const { enum: values, format, pattern } = schema
  const allowed = Array.isArray(values) ? new Set<unknown>(values) : undefined
  const token = type !== 'string' || allowed !== undefined || format !== undefined || pattern !== undefined
  return { kind: 'scalar', type, format: typeof format === 'string' ? format : undefined, token, allowed, nillable }
}

interface Place {
  readonly path: Path
  readonly nillable: boolean
}

/** Known before its members are compiled: a type may hold itself. */
function compileObject(state: State, schema: JsonSchema, { path, nillable }: Place): ObjectMapping {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const parts = {
    attributes: [] as Member[],
    text: undefined as Member | undefined,
    elements: [] as Member[],
    byName: new Map<string, Member>()
  }
  const mapping: ObjectMapping = Object.assign(parts, { kind: 'object' as const, nillable, properties: new Set(Object.keys(properties)) })
  state.known.set(schema, mapping)
  const required = Array.isArray(schema.required) ? schema.required : []
  for (const [property, value] of Object.entries(properties)) {
    const at = [...path, 'properties', property]
    if (!isObject(value)) state.issue(at, 'must be a schema')
    else
      place(state, parts, {
        member: compileMember(state, { property, schema: value, required: required.includes(property), path: at }),
        value,
        at
      })
  }
  if (parts.text !== undefined && parts.elements.length > 0) state.issue(path, 'x-text stands beside attributes only, not beside elements')
  return mapping
}

interface Parts {
  readonly attributes: Member[]
  text: Member | undefined
  readonly elements: Member[]
  readonly byName: Map<string, Member>
}

function place(state: State, parts: Parts, { member, value, at }: { member: Member; value: JsonSchema; at: Path }): void {
  const xml = xmlOf(value)
  const beside = xml.attribute === true || xml['x-text'] === true
  if (beside && (member.list || member.mapping.kind === 'object'))
    state.issue(at, 'an attribute or text must be a string, number, integer or boolean')
  if (xml.attribute === true) parts.attributes.push(member)
  else if (xml['x-text'] === true) {
    if (parts.text !== undefined) state.issue(at, 'only one property can be the text')
    parts.text = member
  } else {
    const { uri, local } = member.wrapper ?? member.name
    const key = nameKey(uri, local)
    if (parts.byName.has(key)) state.issue(at, `the element ${local} is there twice: give one of the two another xml.name`)
    parts.byName.set(key, member)
    parts.elements.push(member)
  }
}

interface Property {
  readonly property: string
  readonly schema: JsonSchema
  readonly required: boolean
  readonly path: Path
}

function compileMember(state: State, { property, schema, required, path }: Property): Member {
  const { meant } = resolve(state, schema, path)
  const own = { ...xmlOf(meant), ...xmlOf(schema) }
  checkXml(state, schema, path)
  const base = { property, required }
  if (typeOf(meant).type !== 'array')
    return { ...base, name: nameOf(state, own, property, path), list: false, wrapper: undefined, mapping: compile(state, schema, path) }
  const items = isObject(meant.items) ? meant.items : undefined
  if (items === undefined) state.issue(path, 'a list needs items')
  else checkXml(state, items, [...path, 'items'])
  const outer = nameOf(state, own, property, path)
  const inner = { ...own, ...(items === undefined ? {} : { ...xmlOf(resolve(state, items, path).meant), ...xmlOf(items) }) }
  const name = nameOf(state, inner, property, path)
  const mapping = items === undefined ? nothing : compile(state, items, [...path, 'items'])
  return { ...base, name, list: true, wrapper: own.wrapped === true ? outer : undefined, mapping }
}

function nameOf(state: State, { name, namespace, prefix, attribute }: Xml, property: string, path: Path): Name {
  const local = name ?? property
  if (!localName.test(local)) state.issue(path, `${local} can not be the name of an element: give another with xml.name`)
  const known = prefix === undefined ? undefined : state.namespaces.uriOf(prefix)
  if (prefix !== undefined && namespace === undefined && known === undefined)
    state.issue([...path, 'xml', 'prefix'], `the prefix ${prefix} is not in target.namespaces`)
  const uri = namespace ?? known ?? (attribute === true ? '' : state.defaultUri)
  return state.namespaces.nameIn(uri, local)
}

const xmlOf = (schema: JsonSchema): Xml => (isObject(schema.xml) ? (schema.xml as Xml) : {})

const xmlTypes: Readonly<Record<string, string>> = { attribute: 'boolean', wrapped: 'boolean', 'x-text': 'boolean' }

function checkXml(state: State, schema: JsonSchema, path: Path): void {
  if (schema.xml !== undefined && !isObject(schema.xml)) state.issue([...path, 'xml'], 'must be an object, as { name: customerId }')
  for (const [key, value] of Object.entries(xmlOf(schema))) {
    if (!xmlKeys.has(key)) state.issue([...path, 'xml', key], `is not a key of xml: use one of ${[...xmlKeys].join(', ')}`)
    else if (typeof value !== (xmlTypes[key] ?? 'string')) state.issue([...path, 'xml', key], `must be a ${xmlTypes[key] ?? 'string'}`)
  }
}

/** `type`, its nullable form `[type, 'null']`. */
function typeOf({ type, properties, items }: JsonSchema): { type: string; nillable: boolean } {
  const types = Array.isArray(type) ? (type as readonly Json[]) : [type]
  const named = types.filter(each => each !== 'null' && each !== undefined)
  const guess = properties !== undefined ? 'object' : items !== undefined ? 'array' : ''
  return { type: named.length === 1 ? String(named[0]) : named.length === 0 ? guess : '', nillable: types.includes('null') }
}

/** Follows `$ref`, and `anyOf` of one schema and null. */
function resolve(state: State, schema: JsonSchema, path: Path): { meant: JsonSchema; nillable: boolean } {
  let meant = schema
  let nillable = false
  for (let hops = 0; hops < 20; hops += 1) {
    const choice = nullable(meant)
    const next = choice ?? (typeof meant.$ref === 'string' ? pointed(state.root, meant.$ref) : undefined)
    if (next === undefined && meant.$ref !== undefined) state.issue([...path, '$ref'], `${String(meant.$ref)} leads nowhere in this schema`)
    if (next === undefined) return { meant, nillable }
    nillable ||= choice !== undefined
    meant = next
  }
  state.issue(path, '$ref goes in a circle')
  return { meant: { type: 'string' }, nillable }
}

function nullable({ anyOf, oneOf }: JsonSchema): JsonSchema | undefined {
  const branches = (Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : []) as readonly Json[]
  const others = branches.filter(branch => !(isObject(branch) && branch.type === 'null'))
  return branches.length === 2 && others.length === 1 && isObject(others[0]) ? others[0] : undefined
}

function pointed(root: JsonSchema, ref: string): JsonSchema | undefined {
  if (!ref.startsWith('#')) return undefined
  let at: Json | undefined = root
  for (const token of ref.slice(1).split('/').slice(1)) {
    const name = decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~')
    at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }
  return isObject(at) ? at : undefined
}

/** Branches may narrow values; they must not add elements, which would silently be lost. */
function refuseBranch(state: State, schema: JsonSchema, key: string, path: Path): void {
  const value = schema[key]
  if (value === undefined) return
  if (unmappable.includes(key)) state.issue([...path, key], 'has no XML here: write properties')
  const branches = Array.isArray(value) ? value : [value]
  const structure = branches.some(branch => isObject(branch) && ['properties', 'items', '$ref'].some(part => branch[part] !== undefined))
  if (structure) state.issue([...path, key], 'can not add elements here: write them as properties that are not required')
}
