/** A manifest as data → its text, small things on one line, with marks at what a person must look at. */
import { Document, isMap, isScalar, isSeq, type Node, Scalar, visit } from 'yaml'
import type { JsonObject } from '../../../core/types.ts'
import { loginComment, proposeLogin } from './propose-login.ts'

const widest = 100

/** `reviewed`: actions whose effect a person has looked at. */
export function writeManifest(manifest: JsonObject, reviewed: ReadonlySet<string> = new Set()): string {
  const document = new Document(manifest, { aliasDuplicateObjects: false, version: '1.2' })
  document.commentBefore = ' yaml-language-server: $schema=../../openapi/bot.schema.json'
  foldSmall(document.contents as Node | null)
  markEffects(document, manifest, reviewed)
  proposeInTarget(document, manifest)
  quoteOdd(document)
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}

/** Returns the width on one line; Infinity: it needs several. */
function foldSmall(node: Node | null, depth = 0): number {
  if (isScalar(node))
    return typeof node.value === 'string' && node.value.includes('\n')
      ? Number.POSITIVE_INFINITY
      : JSON.stringify(node.value ?? null).length
  if (!isMap(node) && !isSeq(node)) return 4
  let width = 4
  for (const item of node.items) {
    if (isSeq(node)) width += foldSmall(item as Node, depth + 1) + 2
    else {
      const { key, value } = item as { key: Node; value: Node | null }
      width += foldSmall(key, depth + 1) + foldSmall(value, depth + 1) + 2
    }
  }
  if (node.items.length > 0 && (depth < 3 || width > widest)) return Number.POSITIVE_INFINITY
  node.flow = true
  return width
}

function markEffects(document: Document, { actions, target }: JsonObject, reviewed: ReadonlySet<string>): void {
  for (const [name, action] of Object.entries(actions as Readonly<Record<string, JsonObject>>)) {
    if (reviewed.has(name)) continue
    const mark = (key: string, text: string) => {
      const value = document.getIn(['actions', name, key], true)
      if (isScalar(value)) value.comment = ` please review: ${text}`
    }
    mark('effect', action.effect === 'read' ? 'guessed from the name' : 'add idempotency.key and a probe, or make it a read')
    const isOneWay = (action.response as JsonObject | undefined)?.body === 'none'
    if (action.effect === 'read' || action.notApplied !== undefined || isOneWay) continue
    const code = (action.soap ?? (target as JsonObject).soap) === '1.2' ? 'Sender' : 'Client'
    mark('commit', `add notApplied: [{ faultcode: ${code} }] if the service checks a request before it does anything`)
  }
}

function proposeInTarget(document: Document, manifest: JsonObject): void {
  const proposal = proposeLogin(manifest)
  const target = document.get('target', true)
  if (proposal !== undefined && isMap(target)) target.comment = loginComment(proposal)
}

/** YAML reads some plain texts as something else than JSON does. */
function quoteOdd(document: Document): void {
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && (/^[\s]|[\s]$|[:#{}[\],&*!|>'"%@`]/.test(node.value) || /^[-?\d.+~]/.test(node.value)))
        node.type = Scalar.QUOTE_DOUBLE
    }
  })
}
