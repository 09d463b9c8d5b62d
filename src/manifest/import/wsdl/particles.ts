/** What a complex type holds, as particles and attributes: derivation, groups and references are followed, types are not. */

import type { XmlElement } from '../../../core/xml-element.ts'
import type { QName } from './qname.ts'
import type { Component, SchemaContext } from './schema-set.ts'
import type { Simple } from './simple-types.ts'

export type TypeUse =
  | { readonly kind: 'named'; readonly name: QName }
  | { readonly kind: 'inline'; readonly node: XmlElement; readonly context: SchemaContext }
  /** Of a global element, whose type has no name of its own: it may hold that element again. */
  | { readonly kind: 'of'; readonly element: Component }

export interface Occurs {
  readonly min: number
  readonly max: number
}

export interface ElementParticle extends Occurs {
  readonly kind: 'element'
  readonly name: QName
  readonly type: TypeUse
  readonly nillable: boolean
  readonly fixed: string | undefined
  readonly fallback: string | undefined
  readonly documentation: string
  /** xmime:expectedContentTypes: its bytes may travel beside the envelope. */
  readonly expected: string | undefined
}
export interface AnyParticle extends Occurs {
  readonly kind: 'any'
  /** An element that may stand there, where only known ones may. */
  readonly example: string | undefined
}
export interface GroupParticle extends Occurs {
  readonly kind: 'sequence' | 'choice' | 'all'
  readonly parts: readonly Particle[]
  /** Of the group definition or the substituted element. */
  readonly label: string | undefined
}
export type Particle = ElementParticle | AnyParticle | GroupParticle

export interface AttributeUse {
  readonly name: QName
  readonly schema: Simple
  readonly required: boolean
  readonly fixed: string | undefined
  readonly fallback: string | undefined
  readonly documentation: string
}

export interface Content {
  readonly particle: Particle | undefined
  readonly attributes: readonly AttributeUse[]
  readonly anyAttribute: boolean
  /** Simple content. */
  readonly text: Simple | undefined
  readonly mixed: boolean
  /** xs:anyType: whatever it likes. */
  readonly open: boolean
  /** Of a SOAP-encoded array: the type of its items. */
  readonly items: QName | undefined
}

export const nothing: Content = {
  particle: undefined,
  attributes: [],
  anyAttribute: false,
  text: undefined,
  mixed: false,
  open: false,
  items: undefined
}
export const anything: Content = { ...nothing, open: true, mixed: true, anyAttribute: true }
