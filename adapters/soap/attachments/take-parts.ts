/** Takes out of a request's value what travels beside the envelope; a reference stays in its place. */
import { randomUUID } from 'node:crypto'
import type { Json, JsonObject } from '../../../src/index.ts'
import type { Mapping, Member, ObjectMapping, VariantsMapping } from '../mapping.ts'
import { Unwritable } from '../write-scalar.ts'
import type { Part } from './part.ts'

export interface Taken {
  readonly value: Json
  readonly parts: readonly Part[]
}

export function takeParts(mapping: ObjectMapping | VariantsMapping, value: Json): Taken {
  const parts: Part[] = []
  const left = take(mapping, value, { pointer: '', parts })
  const attached = mapping.kind === 'object' && isMap(value) ? mapping.attached : []
  for (const { property, name, mediaType } of attached) {
    const given = isMap(value) && Object.hasOwn(value, property) ? value[property] : undefined
    if (given !== undefined && given !== null)
      parts.push({ id: `${name}=${randomUUID()}@retrofit`, contentType: mediaType, content: bytesOf(given, `/${property}`) })
  }
  return { value: left, parts }
}

interface Place {
  readonly pointer: string
  readonly parts: Part[]
}

function take(mapping: Mapping, value: Json, place: Place): Json {
  if (mapping.kind === 'list' || value === null) return value
  if (mapping.kind === 'scalar') {
    if (mapping.attachment === undefined) return value
    const id = `${place.parts.length + 1}.${randomUUID()}@retrofit`
    place.parts.push({ id, contentType: mapping.mediaType, content: bytesOf(value, place.pointer) })
    return `cid:${id}`
  }
  if (!isMap(value)) return value
  const chosen = mapping.kind === 'object' ? mapping : variantFor(mapping, value)
  if (chosen === undefined) return value
  const changed: Record<string, Json> = { ...value }
  for (const member of chosen.text === undefined ? chosen.elements : [chosen.text]) {
    if (!Object.hasOwn(value, member.property)) continue
    const at = { ...place, pointer: `${place.pointer}/${member.property}` }
    Object.defineProperty(changed, member.property, { value: takeMember(member, value[member.property] as Json, at), enumerable: true })
  }
  return changed
}

function takeMember({ list, mapping }: Member, value: Json, place: Place): Json {
  if (!list || !Array.isArray(value)) return take(mapping, value, place)
  return (value as readonly Json[]).map((item, index) => take(mapping, item, { ...place, pointer: `${place.pointer}/${index}` }))
}

const variantFor = ({ variants }: VariantsMapping, value: JsonObject): ObjectMapping | undefined =>
  variants.find(
    ({ mapping: { properties, which } }) =>
      Object.keys(value).every(name => properties.has(name)) &&
      (which === undefined || !Object.hasOwn(value, which.property) || value[which.property] === which.value)
  )?.mapping

const isMap = (value: Json): value is JsonObject => value !== null && typeof value === 'object' && !Array.isArray(value)

function bytesOf(value: Json, pointer: string): Buffer {
  const text = typeof value === 'string' ? value.replace(/\s+/g, '') : undefined
  if (text === undefined || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw new Unwritable(pointer, 'must be bytes in base64')
  return Buffer.from(text, 'base64')
}

/** How a message with this mapping travels; undefined: as an envelope alone. */
export type Packaging = 'mtom' | 'swa'

export interface AttachmentPlan {
  readonly request: Packaging | undefined
  readonly answer: Packaging | undefined
  /** Attachments of an answer become artifacts of the run. */
  readonly artifacts: boolean
}

export function packagingOf(mapping: ObjectMapping | VariantsMapping): Packaging | undefined {
  const found = new Set<Packaging>()
  visit(mapping, found, new Set())
  return found.has('mtom') ? 'mtom' : found.has('swa') ? 'swa' : undefined
}

function visit(mapping: Mapping, found: Set<Packaging>, seen: Set<Mapping>): void {
  if (seen.has(mapping)) return
  seen.add(mapping)
  if (mapping.kind === 'scalar' && mapping.attachment !== undefined) found.add(mapping.attachment === 'xop' ? 'mtom' : 'swa')
  if (mapping.kind === 'variants') for (const each of mapping.variants) visit(each.mapping, found, seen)
  if (mapping.kind !== 'object') return
  if (mapping.attached.length > 0) found.add('swa')
  for (const member of mapping.text === undefined ? mapping.elements : [mapping.text]) visit(member.mapping, found, seen)
}
