/** JSON Schema with OpenAPI's `xml` keywords → Mapping. Reports what the mapping can not do. */
import type { Json, JsonObject, JsonSchema } from '../../src/index.ts'
import { type Building, finishObject, newObject, place } from './compile-object.ts'
import type { Limits, ListMapping, Mapping, Member, Name, ObjectMapping, ScalarMapping, ScalarType, VariantsMapping } from './mapping.ts'
import type { Namespaces } from './namespaces.ts'
import { type Path, type Resolved, resolve, typeOf } from './resolve-schema.ts'
import { checkXml, type Xml, xmlOf } from './xml-keywords.ts'

export interface MappingContext {
  readonly namespaces: Namespaces
  /** The namespace of elements that do not name theirs. */
  readonly defaultUri: string
  /** Where `$ref` starts from. */
  readonly root: JsonSchema
  /** Elements say their type: `x-type` and `x-array` are written. */
  readonly encoded: boolean
  /** The mappings of other actions with the same namespaces: a shared schema is the same object. */
  readonly known: KnownMappings
  issue(path: Path, message: string): void
}

/** By the default namespace under which they were compiled. */
export type KnownMappings = Map<string, Map<JsonSchema, Mapping>>

export interface State extends Omit<MappingContext, 'known'> {
  /** The namespace of the elements of the object at hand. */
  readonly elementUri: string
  readonly known: Map<JsonSchema, Mapping>
}

const localName = /^[\p{L}_][\p{L}\p{M}\p{N}_.\-\u00b7]*$/u
const scalarTypes: ReadonlySet<string> = new Set(['string', 'number', 'integer', 'boolean'])
const branching = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', 'not', 'dependentSchemas'] as const
const unmappable = ['prefixItems', 'patternProperties', 'unevaluatedProperties', 'contains', '$dynamicRef']
const nothing: ScalarMapping = {
  kind: 'scalar',
  type: 'string',
  orText: false,
  format: undefined,
  token: false,
  allowed: undefined,
  limits: undefined,
  qualified: false,
  nillable: false,
  typeName: undefined,
  attachment: undefined,
  mediaType: ''
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** The mapping of a whole request or answer: an object. */
export function compileMapping(context: MappingContext): ObjectMapping | VariantsMapping {
  const key = `${context.encoded} ${context.defaultUri}`
  const known = context.known.get(key) ?? new Map<JsonSchema, Mapping>()
  context.known.set(key, known)
  const mapping = compile({ ...context, known, elementUri: context.defaultUri }, context.root, [])
  if (mapping.kind === 'object' || mapping.kind === 'variants') return mapping
  context.issue([], 'must be of type object: its properties are the elements of the message')
  return newObject(new Set(), false).mapping
}

export function compile(state: State, schema: JsonSchema, path: Path): Mapping {
  const { meant, nillable: viaRef } = resolve(state, schema, path)
  const known = state.known.get(meant)
  if (known !== undefined) return viaRef && !known.nillable ? { ...known, nillable: true } : known
  const { type, types, nillable } = typeOf(meant)
  const variants = variantsOf(state, meant)
  if (variants !== undefined) return compileVariants(state, meant, { branches: variants, path, nillable: nillable || viaRef })
  for (const key of [...branching, ...unmappable]) refuseBranch(state, meant, key, path)
  if (type === 'object') return compileObject(state, meant, { path, nillable: nillable || viaRef })
  if (type === 'array' && xmlOf(meant)['x-list'] === true) return compileList(state, meant, { path, nillable: nillable || viaRef })
  if (scalarTypes.has(type)) return compileScalar(state, meant, { type: type as ScalarType, types, nillable: nillable || viaRef })
  state.issue(
    path,
    type === 'array'
      ? 'a list of lists has no XML: put an object between'
      : 'needs a type: object, array, string, number, integer or boolean'
  )
  return nothing
}

interface ScalarPlace {
  readonly type: ScalarType
  readonly types: readonly string[]
  readonly nillable: boolean
}

function compileScalar(state: State, schema: JsonSchema, { type, types, nillable }: ScalarPlace): ScalarMapping {
  const { enum: values, format, pattern, const: only } = schema
  const allowed = Array.isArray(values) ? new Set<unknown>(values) : only === undefined ? undefined : new Set<unknown>([only])
  const token = type !== 'string' || allowed !== undefined || format !== undefined || pattern !== undefined
  const xml = xmlOf(schema)
  const orText = type !== 'string' && types.includes('string')
  const qualified = xml['x-qname'] === true
  const typeName = typeNameOf(state, xml['x-type'])
  return {
    kind: 'scalar',
    type,
    orText,
    format: typeof format === 'string' ? format : undefined,
    token,
    allowed,
    limits: orText ? limitsOf(schema) : undefined,
    qualified,
    nillable,
    typeName,
    attachment: xml['x-attachment'] === 'xop' || xml['x-attachment'] === 'swaRef' ? xml['x-attachment'] : undefined,
    mediaType: mediaTypeOf(schema)
  }
}

/** JSON Schema's limits say nothing of a number that is written as text: the adapter looks at that one itself. */
function limitsOf(schema: JsonSchema): Limits {
  const bound = (key: string, none: number): number => {
    const value = schema[key]
    return typeof value === 'number' ? value : none
  }
  return {
    minimum: bound('minimum', Number.NEGATIVE_INFINITY),
    maximum: bound('maximum', Number.POSITIVE_INFINITY),
    exclusiveMinimum: bound('exclusiveMinimum', Number.NEGATIVE_INFINITY),
    exclusiveMaximum: bound('exclusiveMaximum', Number.POSITIVE_INFINITY)
  }
}

const mediaTypeOf = ({ contentMediaType }: JsonSchema): string =>
  typeof contentMediaType === 'string' && /^[\w.+-]+\/[\w.+-]+$/.test(contentMediaType) ? contentMediaType : 'application/octet-stream'

export interface Place {
  readonly path: Path
  readonly nillable: boolean
}

function compileList(state: State, schema: JsonSchema, { path, nillable }: Place): ListMapping {
  const item = isObject(schema.items) ? compile(state, schema.items, [...path, 'items']) : nothing
  if (item.kind !== 'scalar') state.issue([...path, 'items'], 'values in one text must be strings, numbers, integers or booleans')
  return { kind: 'list', item: item.kind === 'scalar' ? item : nothing, nillable, typeName: typeNameOf(state, xmlOf(schema)['x-type']) }
}

const typeNameOf = (state: State, qname: string | undefined): Name | undefined => (state.encoded ? nameOfType(state, qname) : undefined)

const nameOfType = ({ namespaces }: State, qname: string | undefined): Name | undefined => {
  if (qname === undefined) return undefined
  const [local = '', prefix] = qname.split(':').reverse()
  return namespaces.nameIn(prefix === undefined ? '' : (namespaces.uriOf(prefix) ?? ''), local)
}

/** `oneOf` or `anyOf` whose branches are all objects with properties of their own. */
function variantsOf(state: State, { properties, oneOf, anyOf }: JsonSchema): readonly JsonObject[] | undefined {
  const branches = (Array.isArray(oneOf) ? oneOf : Array.isArray(anyOf) ? anyOf : []) as readonly Json[]
  if (properties !== undefined || branches.length === 0) return undefined
  const objects = branches.filter(isObject)
  const all = objects.length === branches.length && objects.every(branch => typeOf(resolve(state, branch, []).meant).type === 'object')
  return all ? objects : undefined
}

interface VariantsPlace extends Place {
  readonly branches: readonly JsonObject[]
}

/** Known before its branches are compiled: one of them may hold it. */
function compileVariants(state: State, schema: JsonSchema, { branches, path, nillable }: VariantsPlace): VariantsMapping {
  const variants: { mapping: ObjectMapping; required: readonly string[] }[] = []
  const mapping: VariantsMapping = { kind: 'variants', variants, nillable }
  state.known.set(schema, mapping)
  for (const [index, branch] of branches.entries()) {
    const compiled = compile(state, branch, [...path, 'oneOf', index])
    const { meant } = resolve(state, branch, path)
    if (compiled.kind === 'object')
      variants.push({ mapping: compiled, required: [...namesOf(meant.required), ...namesOf(branch.required)] })
    else state.issue([...path, 'oneOf', index], 'one of several must be an object')
  }
  return mapping
}

const namesOf = (required: Json | undefined): readonly string[] => (Array.isArray(required) ? required.map(String) : [])

/** Known before its members are compiled: a type may hold itself. */
function compileObject(state: State, schema: JsonSchema, { path, nillable }: Place): ObjectMapping {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const building = newObject(new Set(Object.keys(properties)), nillable)
  state.known.set(schema, building.mapping)
  const xml = xmlOf(schema)
  const prefix = xml['x-elements']
  const inner: State = {
    ...state,
    elementUri: prefix === undefined ? state.defaultUri : prefix === '' ? '' : (state.namespaces.uriOf(prefix) ?? '')
  }
  if (prefix !== undefined && prefix !== '' && state.namespaces.uriOf(prefix) === undefined)
    state.issue([...path, 'xml', 'x-elements'], `the prefix ${prefix} is not in target.namespaces`)
  const required = namesOf(schema.required)
  const conditional = conditionalNames(schema)
  for (const [property, value] of Object.entries(properties)) {
    const at = [...path, 'properties', property]
    if (!isObject(value)) state.issue(at, 'must be a schema')
    else {
      const source = { property, schema: value, required: required.includes(property), conditional: conditional.has(property), path: at }
      placeProperty(inner, building, source)
    }
  }
  finishObject(building, { typeName: typeNameOf(state, xml['x-type']), itemType: typeNameOf(state, xml['x-array']) })
  if (building.text !== undefined && building.elements.length > 0)
    state.issue(path, 'x-text stands beside attributes only, not beside elements')
  return building.mapping
}

/** Names that the branches of a condition require or forbid. */
function conditionalNames(schema: JsonSchema, found = new Set<string>()): ReadonlySet<string> {
  for (const key of ['allOf', 'anyOf', 'oneOf', 'not'] as const) {
    const held = schema[key]
    for (const branch of Array.isArray(held) ? (held as readonly Json[]) : [held]) {
      if (!isObject(branch)) continue
      for (const name of namesOf(branch.required)) found.add(name)
      conditionalNames(branch, found)
    }
  }
  if (isObject(schema.dependentRequired)) for (const name of Object.keys(schema.dependentRequired)) found.add(name)
  return found
}

export interface Property {
  readonly property: string
  readonly schema: JsonSchema
  readonly required: boolean
  readonly conditional: boolean
  readonly path: Path
}

function placeProperty(state: State, building: Building, source: Property): void {
  const { property, schema, path } = source
  checkXml(state, schema, path)
  const resolved = resolve(state, schema, path)
  const xml = { ...wireOf(xmlOf(resolved.meant)), ...xmlOf(schema) }
  if (xml['x-kind'] !== undefined) {
    const name = nameOfType(state, xml['x-kind'])
    if (name !== undefined) building.which = { property, value: String(schema.const), name }
  } else if (xml['x-content'] === true) building.content = property
  else if (xml['x-any-attribute'] === true) building.otherAttributes = property
  else if (xml['x-attachment'] === 'part') {
    const name = xml.name ?? property
    if (!localName.test(name)) state.issue(path, `${JSON.stringify(name)} can not be the name of an attachment: give another with xml.name`)
    building.attached.push({ property, name, mediaType: mediaTypeOf(resolved.meant) })
  } else place(state, building, { member: compileMember(state, source, { resolved, xml }), xml, path })
}

/** Keywords of a referenced type that are about its place, not its inside. */
const wireOf = ({ 'x-type': _, 'x-elements': __, 'x-array': ___, ...rest }: Xml): Xml => rest

function compileMember(state: State, source: Property, { resolved, xml }: { resolved: Resolved; xml: Xml }): Member {
  const { property, schema, required, conditional, path } = source
  const { meant } = resolved
  const role: Member['role'] = xml['x-group'] === true ? 'group' : xml['x-any'] === true ? 'any' : 'element'
  const base = { property, required, conditional, role, anyName: xml['x-any-name'] === true }
  const outer = nameOf(state, xml, property, path)
  if (typeOf(meant).type !== 'array' || xml['x-list'] === true)
    return { ...base, name: outer, list: false, wrapper: undefined, mapping: compile(state, schema, path) }
  const items = isObject(meant.items) ? meant.items : undefined
  if (items === undefined) state.issue(path, 'a list needs items')
  else checkXml(state, items, [...path, 'items'])
  const inner = items === undefined ? xml : { ...xml, ...wireOf(xmlOf(resolve(state, items, path).meant)), ...xmlOf(items) }
  const mapping = items === undefined ? nothing : compile(state, items, [...path, 'items'])
  const wrapper = xml.wrapped === true ? outer : undefined
  return { ...base, name: nameOf(state, inner, property, path), list: true, wrapper, mapping }
}

function nameOf(state: State, { name, namespace, prefix, attribute }: Xml, property: string, path: Path): Name {
  const local = name ?? property
  if (!localName.test(local)) state.issue(path, `${local} can not be the name of an element: give another with xml.name`)
  const known = prefix === undefined ? undefined : state.namespaces.uriOf(prefix)
  if (prefix !== undefined && namespace === undefined && known === undefined)
    state.issue([...path, 'xml', 'prefix'], `the prefix ${prefix} is not in target.namespaces`)
  const uri = namespace ?? known ?? (attribute === true ? '' : state.elementUri)
  return state.namespaces.nameIn(uri, local)
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
