/** Sessions as their owners see them. To anybody else, and once its time is over, a session does not exist. */
import { RetrofitError } from '../core/errors.ts'
import { isSessionId, newSessionId } from '../core/ids.ts'
import { changed, isOwnedBy, isVariableName, sessionLimits, tooMuch } from '../core/session.ts'
import type { Caller, FieldError, Json, Session, Variable, Variables } from '../core/types.ts'
import { masked, type Sealer } from '../governance/sealer.ts'
import type { Catalog, NewSession, SessionChange, Sessions } from './engine.ts'
import { hasOpened, noteOpened } from './opened-sessions.ts'
import type { Parts } from './parts.ts'
import { mostOf, overQuota } from './quotas.ts'

/** Variables are sealed as a whole: nobody knows what a client puts there. */
const secret = { 'x-sensitive': 'secret' }

export const sealVariables = (sealer: Sealer, variables: Variables): Json => sealer.seal(secret, variables as unknown as Json)
export const openVariables = (sealer: Sealer, sealed: Json): Variables => sealer.open(secret, sealed) as unknown as Variables

export interface OpenedSession {
  readonly session: Session
  readonly variables: Variables
}

export function createSessions(parts: Parts): Sessions {
  const find = async (caller: Caller, id: string) => shown(await openSession(parts, caller, id))
  const write = async (
    caller: Caller,
    id: string,
    { ttlMs, variables }: { ttlMs?: number | undefined; variables(before: Variables): Variables }
  ) => {
    await openSession(parts, caller, id)
    const written = await changeSession(parts, id, before => ({ variables: variables(before), ttlMs }))
    if (written === undefined) throw notFound(id)
    return shown(written)
  }
  return {
    find,
    open: async caller => {
      const opened = await create(parts, caller, {})
      await noteOpened(parts.store, opened.session)
      return shown(opened)
    },
    hasOpened: caller => hasOpened(parts.store, caller),
    create: async (caller, wanted) => shown(await create(parts, caller, wanted)),
    replace: (caller, id, { variables = {}, ttlMs }) =>
      write(caller, id, { ttlMs, variables: before => given(parts.catalog, variables, { before, merge: false, tenant: caller.tenant }) }),
    patch: (caller, id, { variables = {}, ttlMs }) =>
      write(caller, id, { ttlMs, variables: before => given(parts.catalog, variables, { before, merge: true, tenant: caller.tenant }) }),
    delete: async (caller, id) => {
      await openSession(parts, caller, id)
      if (!(await parts.store.sessions.delete(id))) throw notFound(id)
    }
  }
}

const notFound = (id: string): RetrofitError =>
  new RetrofitError('session_not_found', { detail: `There is no session ${id.slice(0, 64)}.` })

/** The session of a caller; throws session_not_found. */
export async function openSession({ store, sealer }: Parts, caller: Caller, id: string): Promise<OpenedSession> {
  const session = isSessionId(id) ? await store.sessions.get(id) : undefined
  if (session === undefined || !isOwnedBy(session, caller)) throw notFound(id)
  return { session, variables: openVariables(sealer, session.variables) }
}

async function create(
  { store, sealer, catalog, settings }: Parts,
  caller: Caller,
  { variables = {}, ttlMs }: NewSession
): Promise<OpenedSession> {
  const now = store.now()
  const kept = given(catalog, variables, { before: {}, merge: false, tenant: caller.tenant })
  const lives = ttlMs ?? sessionLimits.ttlMs.usual
  const { tenant, subject, clientId } = caller
  const session: Session = {
    id: newSessionId(),
    revision: 1,
    tenant,
    subject,
    clientId,
    variables: sealVariables(sealer, kept),
    createdAt: now,
    updatedAt: now,
    expiresAt: now + lives,
    ttlMs: lives
  }
  if (!(await store.sessions.create(session, mostOf(settings, 'sessions')))) throw overQuota(settings, 'sessions')
  return { session, variables: kept }
}

interface Change {
  readonly variables: Variables
  readonly ttlMs?: number | undefined
}

/** Applies a change to the newest state until it is written; undefined when the session is gone. */
export async function changeSession(
  { store, sealer }: Parts,
  id: string,
  change: (variables: Variables) => Change | undefined
): Promise<OpenedSession | undefined> {
  for (;;) {
    const session = await store.sessions.get(id)
    if (session === undefined) return undefined
    const before = openVariables(sealer, session.variables)
    const wanted = change(before)
    if (wanted === undefined) return { session, variables: before }
    const { variables, ttlMs = session.ttlMs } = wanted
    const next = changed(session, store.now(), { variables: sealVariables(sealer, variables), ttlMs })
    if (await store.sessions.put(next)) return { session: next, variables }
  }
}

/** A client's changes: null forgets, and the mask of a sensitive value leaves it as it is. */
function given(
  catalog: Catalog,
  sent: SessionChange['variables'] & object,
  { before, merge, tenant }: { before: Variables; merge: boolean; tenant: string }
): Variables {
  const errors: FieldError[] = []
  const next: Record<string, Variable> = merge ? { ...before } : {}
  for (const [name, value] of Object.entries(sent)) {
    const known = Object.hasOwn(before, name) ? before[name] : undefined
    if (!isVariableName(name))
      errors.push({ pointer: `/${name.slice(0, 80)}`, message: 'is not a name: write letters, digits and _, starting with a letter' })
    else if (value === null) delete next[name]
    else if (value === masked && known?.sensitive) next[name] = known
    else next[name] = { value, ...(known?.sensitive || isSensitiveName(catalog, name, tenant) ? { sensitive: true } : {}) }
  }
  const all = [...errors, ...tooMuch(next)].map(({ pointer, message }) => ({ pointer: `/variables${pointer}`, message }))
  if (all.length > 0) throw new RetrofitError('invalid_input', { detail: 'The session can not keep these variables.', errors: all })
  return next
}

/** Sensitive where any action that the tenant sees says so. */
export function isSensitiveName(catalog: Catalog, name: string, tenant: string): boolean {
  const known = sensitiveNames.get(catalog)
  const byTenant = known?.stamp === catalog.stamp ? known.byTenant : new Map<string, ReadonlySet<string>>()
  const names = byTenant.get(tenant) ?? namesIn(catalog, tenant)
  byTenant.set(tenant, names)
  sensitiveNames.set(catalog, { stamp: catalog.stamp, byTenant })
  return names.has(name)
}

function namesIn(catalog: Catalog, tenant: string): ReadonlySet<string> {
  const actions = catalog.entries(tenant).flatMap(({ bot }) => bot.actions)
  const places = actions.flatMap(({ session }) => [...(session?.fills ?? []), ...(session?.remembers ?? [])])
  return new Set(places.filter(({ sensitive }) => sensitive).map(({ variable }) => variable))
}

const sensitiveNames = new WeakMap<Catalog, { readonly stamp: number; readonly byTenant: Map<string, ReadonlySet<string>> }>()

/** As its owner may read it. */
const shown = ({ session, variables }: OpenedSession) => ({
  session,
  values: Object.fromEntries(Object.entries(variables).map(([name, { value, sensitive }]) => [name, sensitive ? masked : value])),
  masked: Object.entries(variables).flatMap(([name, { sensitive }]) => (sensitive ? [name] : []))
})
