/** The actions that a caller may use, and the index to search them: made once for each state of the catalog and set of scopes. */
import type { Action, Caller } from '../core/types.ts'
import type { Catalog, CatalogEntry } from '../engine/engine.ts'
import { allows } from '../governance/scopes.ts'
import { type ActionIndex, createActionIndex } from '../surface/action-index.ts'

export interface UsableActions {
  /** By name. */
  readonly actions: readonly Action[]
  index(): Promise<ActionIndex>
}

/** The entries that a tenant sees are another list after each change. */
const views = new WeakMap<readonly CatalogEntry[], Map<string, UsableActions>>()
const mostOfView = 50

export function usableActions(catalog: Catalog, { scopes, tenant }: Caller): UsableActions {
  const entries = catalog.entries(tenant)
  const view = views.get(entries) ?? new Map<string, UsableActions>()
  views.set(entries, view)
  const key = JSON.stringify([...scopes].sort())
  const known = view.get(key)
  if (known !== undefined) return known
  const usable = usableOf(entries, scopes)
  if (view.size >= mostOfView) view.delete(view.keys().next().value ?? '')
  view.set(key, usable)
  return usable
}

function usableOf(entries: readonly CatalogEntry[], scopes: readonly string[]): UsableActions {
  const actions = entries
    .flatMap(({ bot }) => bot.actions)
    .filter(action => allows(scopes, action.scopes))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  let made: Promise<ActionIndex> | undefined
  return {
    actions,
    index: () => {
      made ??= createActionIndex(actions)
      return made
    }
  }
}
