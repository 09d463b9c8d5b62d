import { jsonOf } from '../../core/json-text.ts'
import type { Sessions } from '../../core/ports.ts'
import type { Refusals } from '../../core/refusals.ts'
import type { Session } from '../../core/types.ts'
import type { Connection } from './connection.ts'
import type { RedisKeys } from './keys.ts'

/** Redis itself takes away what has expired. */
export function redisSessions({ send, script }: Connection, keys: RedisKeys, refuse: Refusals['refuse']): Sessions {
  /** Counted before it is there, so that a crash in between leaves one too many, until that has expired. */
  const count = ({ id, tenant, expiresAt }: Session, most: number) =>
    script('acquireSlot', [keys.sessionsOf(tenant)], [id, Math.min(most, Number.MAX_SAFE_INTEGER), expiresAt])
  const write = async (session: Session) =>
    (await script('putSession', [keys.session(session.id)], [session.revision, JSON.stringify(session), session.expiresAt])) === 1
  return {
    async create(session, most) {
      return (await count(session, most)) === 1 && (await write(session))
    },
    async get(id) {
      const json = await send(redis => redis.hget(keys.session(id), 'json'))
      const session = json === null ? undefined : jsonOf(json)
      if (json !== null && session === undefined) refuse('session', `what stands under ${keys.session(id)} is not a session`)
      return session as Session | undefined
    },
    async put(session) {
      const written = await write(session)
      if (written) await count(session, Number.POSITIVE_INFINITY)
      return written
    },
    async delete(id) {
      const json = await send(redis => redis.hget(keys.session(id), 'json'))
      const isGone = (await send(redis => redis.del(keys.session(id)))) === 1
      const tenant = json === null ? undefined : (jsonOf(json) as { readonly tenant?: unknown } | null | undefined)?.tenant
      if (typeof tenant === 'string') await send(redis => redis.zrem(keys.sessionsOf(tenant), id))
      return isGone
    }
  }
}
