/**
 * Takes the pictures behind a page away for a moment, so that one that fills the window does not cost all that stands on it. By an animation
 * without time, made in a world of our own: nothing in the document changes, and no script of the page stands between.
 */
import type { CDPSession } from 'playwright-core'
import type { Background } from './seen.ts'

/** Each costs a round trip. The others, and those that do not go away, are covered whole. */
const most = 40

export type Undo = () => Promise<void>

export async function blank(session: CDPSession, backgrounds: readonly Background[]): Promise<Undo> {
  const largest = backgrounds.toSorted((a, b) => area(b) - area(a)).slice(0, most)
  const worlds = new Map<string, number>()
  for (const { frameId } of largest) if (!worlds.has(frameId)) worlds.set(frameId, await worldIn(session, frameId))
  const undo = async () => {
    await Promise.all(
      [...worlds.values()].map(contextId => session.send('Runtime.evaluate', { contextId, expression: restore }).catch(() => undefined))
    )
  }
  try {
    await Promise.all(largest.map(each => blankOne(session, each, worlds.get(each.frameId) ?? 0).catch(() => undefined)))
    return undo
  } catch (error) {
    await undo()
    throw error
  }
}

const area = ({ box }: Background): number => box.width * box.height

async function worldIn(session: CDPSession, frameId: string): Promise<number> {
  const { executionContextId } = await session.send('Page.createIsolatedWorld', { frameId, worldName: 'retrofit-masks' })
  return executionContextId
}

const restore = 'for (const each of globalThis.blanks ?? []) each.cancel(); globalThis.blanks = []'
const blankElement = `function () {
  const nothing = { backgroundImage: ['none', 'none'] };
  (globalThis.blanks ??= []).push(this.animate(nothing, { duration: 1, fill: 'both' }));
}`

async function blankOne(session: CDPSession, { backendId }: Background, executionContextId: number): Promise<void> {
  const { object } = await session.send('DOM.resolveNode', { backendNodeId: backendId, executionContextId })
  await session.send('Runtime.callFunctionOn', { functionDeclaration: blankElement, objectId: object.objectId ?? '' })
}
