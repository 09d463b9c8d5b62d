/** Which callers have opened a session by themselves, so that their tools take it. */
import { hash } from 'node:crypto'
import type { Store } from '../core/ports.ts'
import { isOwnedBy } from '../core/session.ts'
import type { Caller, Session } from '../core/types.ts'

const kind = 'opened-sessions'
/** Of one caller: more are not looked for. */
const most = 8

type Owner = Pick<Caller, 'tenant' | 'subject' | 'clientId'>

const idOf = ({ tenant, subject, clientId }: Owner): string => hash('sha256', JSON.stringify([tenant, subject, clientId]), 'base64url')

const idsOf = async ({ records }: Store, owner: Owner): Promise<readonly string[]> => {
  const record = (await records.get(kind, idOf(owner))) as { readonly ids: readonly string[] } | undefined
  return record?.ids ?? []
}

export async function noteOpened(store: Store, session: Session): Promise<void> {
  const before = await idsOf(store, session)
  await store.records.put(kind, idOf(session), { ids: [session.id, ...before].slice(0, most) })
}

/** A record of sessions that are all gone goes too. */
export async function hasOpened(store: Store, caller: Caller): Promise<boolean> {
  const ids = await idsOf(store, caller)
  for (const id of ids) {
    const session = await store.sessions.get(id)
    if (session !== undefined && isOwnedBy(session, caller)) return true
  }
  if (ids.length > 0) await store.records.delete(kind, idOf(caller))
  return false
}
