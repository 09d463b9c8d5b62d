/** What an operation does, for an agent that chooses among many: in its author's words, or made of its names and types. */
import type { Json, JsonObject } from '../../../core/types.ts'
import { childElements } from '../../../core/xml-element.ts'
import { documentationOf } from './definitions.ts'
import type { Message, Operation } from './model.ts'
import { cleanText, titleOf } from './names.ts'
import { refOf, type SchemaSet } from './schema-set.ts'

interface Described {
  readonly operation: Operation
  readonly input: JsonObject
  readonly output: JsonObject | undefined
  readonly set: SchemaSet
  shared(name: string): Json | undefined
  /** The part of an input schema that the import keeps. */
  left(schema: Json): Json
}

const longest = 3_900
const mostNames = 8

/** The words of the WSDL, of the element that is sent, of its type, of the element that answers; otherwise what the names say. */
export function describeOperation({ operation, input, output, set, shared, left }: Described): string {
  const said = cleanText(operation.documentation, longest) || cleanText(wordsOf(operation.input, set), longest)
  if (said !== '') return said
  const title = cleanText(titleOf(operation.name), 200)
  const takes = namesOf(left(input) as JsonObject, name => left(shared(name) ?? null))
  const answers = output === undefined ? [] : namesOf(output, shared)
  const about = cleanText(operation.output === undefined ? '' : wordsOf(operation.output, set), 500)
  return [
    `${title}.`,
    takes.length === 0 ? 'Takes nothing.' : `Takes ${listed(takes)}.`,
    operation.output === undefined ? 'Nothing is answered.' : answers.length === 0 ? 'Answers nothing.' : `Answers ${listed(answers)}.`,
    about
  ]
    .filter(part => part !== '')
    .join(' ')
}

function wordsOf({ parts }: Message, set: SchemaSet): string {
  for (const { element, type } of parts) {
    const found = element === undefined ? undefined : set.find('element', element)
    const typeName = type ?? (found && refOf(found.node, found.context, 'type'))
    const inline = found && childElements(found.node).find(({ local }) => local === 'complexType')
    const named = typeName === undefined ? undefined : set.find('type', typeName)
    const words = [found?.node, inline, named?.node].map(node => (node === undefined ? '' : documentationOf(node)))
    const first = words.find(each => each.trim() !== '')
    if (first !== undefined) return first
  }
  return ''
}

/** Properties that mean something: where one object wraps all others, those inside it. */
function namesOf(schema: JsonObject, shared: Described['shared'], depth = 0): readonly string[] {
  const node = resolved(schema, shared)
  const { properties, items, oneOf } = node
  if (properties === undefined && Array.isArray(oneOf)) return [`one of ${listed((oneOf as readonly Json[]).map(kindOf))}`]
  if (isMap(items)) return namesOf(items, shared, depth + 1)
  const members = Object.entries(isMap(properties) ? properties : {}).filter(([, member]) => !isHeader(member))
  const [only] = members
  if (members.length === 1 && only !== undefined && isMap(only[1]) && depth < 4) {
    const inside = namesOf(only[1], shared, depth + 1)
    if (inside.length > 0) return inside
  }
  return members.map(([name]) => spoken(name))
}

/** Of a branch: what its mark says, or what it refers to. */
function kindOf(branch: Json): string {
  const { $ref, properties } = isMap(branch) ? branch : ({} as JsonObject)
  const mark = isMap(properties) && isMap(properties.xsi_type) ? properties.xsi_type.const : undefined
  return spoken(String(mark ?? String($ref ?? 'other').slice('#/schemas/'.length)))
}

function resolved(schema: JsonObject, shared: Described['shared']): JsonObject {
  let node = schema
  for (let hops = 0; hops < 10; hops += 1) {
    const choice = Array.isArray(node.anyOf) ? (node.anyOf as readonly Json[]).find(each => isMap(each) && each.type !== 'null') : undefined
    const next = typeof node.$ref === 'string' ? shared(node.$ref.slice('#/schemas/'.length)) : choice
    if (!isMap(next)) return node
    node = next
  }
  return node
}

const isMap = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
const isHeader = (member: Json): boolean => isMap(member) && isMap(member.xml) && member.xml['x-header'] === true

/** `CustomerName` → customer name */
const spoken = (name: string): string => {
  const title = titleOf(name)
  return title === 'Operation' && name.toLowerCase() !== 'operation' ? name : (title[0] ?? '').toLowerCase() + title.slice(1)
}

function listed(names: readonly string[]): string {
  const distinct = [...new Set(names)]
  const shown = distinct.length > mostNames + 1 ? [...distinct.slice(0, mostNames), `${distinct.length - mostNames} more`] : distinct
  return shown.length === 1 ? (shown[0] as string) : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
