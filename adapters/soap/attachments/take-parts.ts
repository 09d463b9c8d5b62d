/** Takes out of a request's value what travels beside the envelope; a reference stays in its place. */
import { randomUUID } from 'node:crypto'
import type { Json, JsonObject, Steps } from '../../../src/index.ts'
import type { Mapping, Member, ObjectMapping, VariantsMapping } from '../mapping.ts'
import { Unwritable } from '../write-scalar.ts'
import { decodeBase64 } from './base64.ts'
import type { Part } from './part.ts'

export interface Taken {
  readonly value: Json
  readonly parts: readonly Part[]
}

/** A step is an item of a list, or a piece of an attachment. */
export function* takeParts(mapping: ObjectMapping | VariantsMapping, value: Json): Steps<Taken> {
  const parts: Part[] = []
  const left = yield* take(mapping, value, { pointer: '', parts })
  const attached = mapping.kind === 'object' && isMap(value) ? mapping.attached : []
  for (const { property, name, mediaType } of attached) {
    const given = isMap(value) && Object.hasOwn(value, property) ? value[property] : undefined
    if (given === undefined || given === null) continue
    const content = yield* bytesOf(given, `/${property}`)
    parts.push({ id: `${name}=${randomUUID()}@retrofit`, contentType: mediaType, content })
  }
  return { value: left, parts }
}

interface Place {
  readonly pointer: string
  readonly parts: Part[]
}

function* take(mapping: Mapping, value: Json, place: Place): Steps<Json> {
  if (mapping.kind === 'list' || value === null) return value
  if (mapping.kind === 'scalar') {
    if (mapping.attachment === undefined) return value
    const id = `${place.parts.length + 1}.${randomUUID()}@retrofit`
    place.parts.push({ id, contentType: mapping.mediaType, content: yield* bytesOf(value, place.pointer) })
    return `cid:${id}`
  }
  if (!isMap(value)) return value
  const chosen = mapping.kind === 'object' ? mapping : variantFor(mapping, value)
  if (chosen === undefined) return value
  const changed: Record<string, Json> = { ...value }
  for (const member of chosen.text === undefined ? chosen.elements : [chosen.text]) {
    if (!Object.hasOwn(value, member.property)) continue
    const at = { ...place, pointer: `${place.pointer}/${member.property}` }
    const taken = yield* takeMember(member, value[member.property] as Json, at)
    Object.defineProperty(changed, member.property, { value: taken, enumerable: true })
  }
  return changed
}

function* takeMember({ list, mapping }: Member, value: Json, place: Place): Steps<Json> {
  if (!list || !Array.isArray(value)) return yield* take(mapping, value, place)
  const items: Json[] = []
  for (const [index, item] of (value as readonly Json[]).entries()) {
    items.push(yield* take(mapping, item, { ...place, pointer: `${place.pointer}/${index}` }))
    yield
  }
  return items
}

const variantFor = ({ variants }: VariantsMapping, value: JsonObject): ObjectMapping | undefined =>
  variants.find(
    ({ mapping: { properties, which } }) =>
      Object.keys(value).every(name => properties.has(name)) &&
      (which === undefined || !Object.hasOwn(value, which.property) || value[which.property] === which.value)
  )?.mapping

const isMap = (value: Json): value is JsonObject => value !== null && typeof value === 'object' && !Array.isArray(value)

function* bytesOf(value: Json, pointer: string): Steps<Buffer> {
  const bytes = typeof value === 'string' ? yield* decodeBase64(value) : undefined
  if (bytes === undefined) throw new Unwritable(pointer, 'must be bytes in base64')
  return bytes
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
