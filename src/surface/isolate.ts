/** Makes a document of all actions that can be in it: one that breaks it is left out and named, and spoils it for no other. */
import type { Action } from '../core/types.ts'

export interface Isolated<T> {
  readonly made: T
  readonly broken: readonly BrokenAction[]
}

export interface BrokenAction {
  readonly action: Action
  readonly reason: string
}

/** Throws what `make` throws without any action: that is nobody's action's fault. */
export function isolated<T>(actions: readonly Action[], make: (actions: readonly Action[]) => T): Isolated<T> {
  try {
    return { made: make(actions), broken: [] }
  } catch {
    make([])
    const broken = brokenOf(actions, make)
    const names = new Set(broken.map(({ action }) => action.name))
    return { made: make(actions.filter(({ name }) => !names.has(name))), broken }
  }
}

/** By halves: most of a large catalogue is looked at a few times only. */
function brokenOf<T>(actions: readonly Action[], make: (actions: readonly Action[]) => T): readonly BrokenAction[] {
  const reason = failureOf(() => make(actions))
  if (reason === undefined) return []
  const [action] = actions
  if (action !== undefined && actions.length === 1) return [{ action, reason }]
  const middle = Math.ceil(actions.length / 2)
  return [...brokenOf(actions.slice(0, middle), make), ...brokenOf(actions.slice(middle), make)]
}

export function failureOf(make: () => unknown): string | undefined {
  try {
    make()
    return undefined
  } catch (error) {
    return (error as Error).message.slice(0, 300)
  }
}
