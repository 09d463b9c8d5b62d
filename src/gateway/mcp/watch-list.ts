/** Tells a client that its list of tools is another one: not for changes of bots that it does not see, and not once for each. */
import { createHash } from 'node:crypto'
import type { Caller } from '../../core/types.ts'
import type { Catalog } from '../../engine/engine.ts'
import type { McpDoor } from './door.ts'
import { toolsFor } from './tool-list.ts'

/** From one look at the list to the next. */
const pauseMs = 250

export interface Watching {
  readonly caller: Caller
  tell(): void
}

/** The list that the client has is the one of now. Answers how to stop. */
export function watchList(door: McpDoor, { caller, tell }: Watching): () => void {
  let known = digestOf(door, caller)
  let pause: NodeJS.Timeout | undefined
  let isDue = false
  const look = (): void => {
    isDue = pause !== undefined
    if (isDue) return
    pause = setTimeout(() => {
      pause = undefined
      if (isDue) look()
    }, pauseMs)
    const now = digestOf(door, caller)
    if (now !== known) tell()
    known = now
  }
  const off = door.engine.catalog.onChange(whose => {
    if (whose === undefined || whose === caller.tenant) look()
  })
  return () => {
    off()
    clearTimeout(pause)
  }
}

/** One list for all callers with the same scopes, until the catalog changes. */
const digests = new WeakMap<Catalog, { readonly stamp: number; readonly byCaller: Map<string, string> }>()

function digestOf(door: McpDoor, caller: Caller): string {
  const { catalog } = door.engine
  const before = digests.get(catalog)
  const { byCaller } = before?.stamp === catalog.stamp ? before : { byCaller: new Map<string, string>() }
  digests.set(catalog, { stamp: catalog.stamp, byCaller })
  const key = JSON.stringify([caller.tenant, [...caller.scopes].sort()])
  const digest =
    byCaller.get(key) ??
    createHash('sha256')
      .update(JSON.stringify(toolsFor(door, caller)))
      .digest('base64')
  byCaller.set(key, digest)
  return digest
}
