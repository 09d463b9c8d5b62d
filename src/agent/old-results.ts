/** Makes room in a dialogue that is too long: old results of reads go first, the conversation itself stays. */
import type { AgentTool, Item } from './agent.ts'

type Result = Extract<Item, { kind: 'result' }>

/** What may have changed something must not be done again because nobody remembers it. */
const keptCharacters = 400

/** The items within so many characters, as far as results can give way. Those of the last reply go last, and never whole. */
export function withinRoom(items: readonly Item[], tools: readonly AgentTool[], characters: number): readonly Item[] {
  const reads = new Set(tools.filter(({ effect }) => effect === 'read').map(({ name }) => name))
  const lastReply = items.findLastIndex(({ kind }) => kind === 'reply')
  const made = [...items]
  let over = lengthOf(items) - characters
  const replace = (at: number, item: Result): void => {
    over -= sizeOf(made[at] as Item) - sizeOf(item)
    made[at] = item
  }
  for (let at = 0; at < lastReply && over > 0; at++) {
    const item = items[at] as Item
    if (item.kind !== 'result') continue
    const text = reads.has(item.call.name) ? dropped(item) : shortened(item.text, keptCharacters)
    if (text.length < item.text.length) replace(at, { ...item, text })
  }
  if (over <= 0) return made
  const newest = items.slice(lastReply + 1).filter(item => item.kind === 'result')
  const share = Math.max(keptCharacters, Math.floor((newest.reduce((sum, { text }) => sum + text.length, 0) - over) / newest.length))
  for (const [at, item] of items.entries())
    if (at > lastReply && item.kind === 'result') replace(at, { ...item, text: shortened(item.text, share) })
  return made
}

export const lengthOf = (items: readonly Item[]): number => items.reduce((sum, item) => sum + sizeOf(item), 0)

const sizeOf = (item: Item): number =>
  item.text.length +
  (item.kind === 'reply' ? item.calls.reduce((sum, { name, arguments: given }) => sum + name.length + given.length, 0) : 0)

const dropped = ({ call, text }: Result): string =>
  `[dropped to make room: what ${call.name} answered, ${text.length} characters. Call it again if you still need it, and ask for less.]`

/** A text in «» that is cut stays in them. */
export function shortened(text: string, characters: number, note = `cut to make room: ${text.length} characters in all`): string {
  if (text.length <= characters) return text
  const head = text.slice(0, characters).replace(/[\ud800-\udbff]$/, '')
  const isOpen = head.lastIndexOf('«') > head.lastIndexOf('»')
  return `${head}…${isOpen ? '»' : ''} [${note}]`
}
