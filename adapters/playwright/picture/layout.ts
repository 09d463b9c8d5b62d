/** Reads the layout from the browser itself, through its protocol: no script of the page can change the answer. */
import type { CDPSession } from 'playwright-core'
import type { Box } from './png.ts'

const styles = [
  'visibility',
  'opacity',
  'color',
  'display',
  'direction',
  'unicode-bidi',
  'text-shadow',
  'filter',
  '-webkit-box-reflect',
  'transform',
  'rotate',
  'scale',
  'offset-path',
  'background-image',
  'border-image-source',
  'list-style-image',
  'mask-image',
  'content',
  'border-left-width',
  'border-top-width',
  'border-right-width',
  'border-bottom-width',
  'padding-left',
  'padding-top',
  'padding-right',
  'padding-bottom'
] as const
export type StyleName = (typeof styles)[number]

const capture = (session: CDPSession) => session.send('DOMSnapshot.captureSnapshot', { computedStyles: [...styles] })
type Snapshot = Awaited<ReturnType<typeof capture>>
type Raw = Snapshot['documents'][number]

/** Every document of the page and of its frames; of shadow trees too, open and closed. A frame of another process is not in it. */
export async function layoutsOf(session: CDPSession): Promise<readonly Layout[]> {
  const { documents, strings } = await capture(session)
  return documents.map(raw => new Layout(raw, strings))
}

/** A text, or a part of one: what a style sheet adds is no part of its node. */
export interface LaidText {
  readonly place: number
  readonly node: number
  readonly text: string
}

export interface TextBox extends LaidText {
  /** Where in the whole text it begins. */
  readonly start: number
  readonly box: Box
}

/** One document. Nodes are numbers; boxes are in pixels from the top left of the document. */
export class Layout {
  private readonly raw: Raw
  private readonly strings: readonly string[]
  private readonly places = new Map<number, number[]>()
  private readonly known = new Map<string, unknown>()

  constructor(raw: Raw, strings: readonly string[]) {
    this.raw = raw
    this.strings = strings
    // The first is the element's own; what stands in a pseudo-element has the same node.
    for (const [place, node] of raw.layout.nodeIndex.entries()) this.places.set(node, [...(this.places.get(node) ?? []), place])
  }

  get frameId(): string {
    return this.string(this.raw.frameId)
  }

  get scroll(): { readonly x: number; readonly y: number } {
    return { x: this.raw.scrollOffsetX ?? 0, y: this.raw.scrollOffsetY ?? 0 }
  }

  /** Those that have a box. */
  get nodes(): Iterable<number> {
    return this.places.keys()
  }

  get size(): number {
    return this.raw.nodes.nodeName?.length ?? 0
  }

  name(node: number): string {
    return this.string(this.raw.nodes.nodeName?.[node]).toUpperCase()
  }

  isText(node: number): boolean {
    return this.raw.nodes.nodeType?.[node] === 3
  }

  /** The text of a text node; '' for any other. */
  value(node: number): string {
    return this.isText(node) ? this.string(this.raw.nodes.nodeValue?.[node]) : ''
  }

  parent(node: number): number {
    return this.raw.nodes.parentIndex?.[node] ?? -1
  }

  backendId(node: number): number {
    return this.raw.nodes.backendNodeId?.[node] ?? 0
  }

  attribute(node: number, name: string): string | undefined {
    const pairs = this.raw.nodes.attributes?.[node] ?? []
    for (let at = 0; at < pairs.length; at += 2) if (this.string(pairs[at]) === name) return this.string(pairs[at + 1])
    return undefined
  }

  /** Names and values, as they are written. */
  attributes(node: number): readonly (readonly [string, string])[] {
    const pairs = this.raw.nodes.attributes?.[node] ?? []
    return pairs.flatMap((name, at) => (at % 2 === 0 ? [[this.string(name), this.string(pairs[at + 1])] as const] : []))
  }

  isElement(node: number): boolean {
    return this.raw.nodes.nodeType?.[node] === 1
  }

  isPseudo(node: number): boolean {
    return this.raw.nodes.pseudoType?.index.includes(node) ?? false
  }

  /** A box or a button that is ticked, an option that is chosen. */
  isChosen(node: number): boolean {
    const { inputChecked, optionSelected } = this.raw.nodes
    return [inputChecked, optionSelected].some(each => each?.index.includes(node))
  }

  /** The text in a field. */
  fieldValue(node: number): string {
    return this.rare('inputValue', node) ?? this.rare('textValue', node) ?? ''
  }

  private rare(name: 'inputValue' | 'textValue', node: number): string | undefined {
    const values = this.once(name, () => {
      const { index = [], value = [] } = this.raw.nodes[name] ?? {}
      return new Map(index.map((each, at) => [each, this.string(value[at])]))
    })
    return values.get(node)
  }

  /** Number of the document that a frame shows; undefined where it is not in the snapshot. */
  content(node: number): number | undefined {
    const documents = this.once('content', () => {
      const { index, value } = this.raw.nodes.contentDocumentIndex ?? { index: [], value: [] }
      return new Map(index.map((each, at) => [each, value[at]]))
    })
    return documents.get(node)
  }

  style(node: number, name: StyleName): string {
    const [place = -1] = this.places.get(node) ?? []
    return this.string(this.raw.layout.styles[place]?.[styles.indexOf(name)])
  }

  box(node: number): Box {
    return around((this.places.get(node) ?? []).map(place => boxOf(this.raw.layout.bounds[place])))
  }

  /** In the order of the document, as they are painted: after text-transform, with what the style sheet adds. */
  get texts(): readonly LaidText[] {
    const { nodeIndex, text } = this.raw.layout
    return nodeIndex.map((node, place) => ({ place, node, text: this.string(text[place]) })).filter(each => each.text !== '')
  }

  /** Each line of each text. */
  get textBoxes(): readonly TextBox[] {
    const { layout, textBoxes } = this.raw
    return textBoxes.layoutIndex.map((place, at) => {
      const start = textBoxes.start[at] ?? 0
      const text = this.string(layout.text[place]).slice(start, start + (textBoxes.length[at] ?? 0))
      return { place, node: layout.nodeIndex[place] ?? 0, start, text, box: boxOf(textBoxes.bounds[at]) }
    })
  }

  /** Something about a node and all that is around it, asked once for each. */
  along<T>(node: number, name: string, { none, own }: { none: T; own: (node: number, around: T) => T }): T {
    const values = this.once(name, () => new Map<number, T>())
    const open: number[] = []
    let at = node
    for (; at >= 0 && !values.has(at); at = this.parent(at)) open.push(at)
    let value = values.get(at) ?? none
    for (const each of open.reverse()) {
      value = own(each, value)
      values.set(each, value)
    }
    return value
  }

  private once<T>(name: string, make: () => T): T {
    if (!this.known.has(name)) this.known.set(name, make())
    return this.known.get(name) as T
  }

  private string(index: number | undefined): string {
    return this.strings[index ?? -1] ?? ''
  }
}

const boxOf = (bounds: readonly number[] | undefined): Box => {
  const [x = 0, y = 0, width = 0, height = 0] = bounds ?? []
  return { x, y, width, height }
}

/** The one box that all are in. */
function around(boxes: readonly Box[]): Box {
  const [first = boxOf(undefined), ...others] = boxes
  return others.reduce((whole, box) => {
    const [x, y] = [Math.min(whole.x, box.x), Math.min(whole.y, box.y)]
    const [right, bottom] = [Math.max(whole.x + whole.width, box.x + box.width), Math.max(whole.y + whole.height, box.y + box.height)]
    return { x, y, width: right - x, height: bottom - y }
  }, first)
}
