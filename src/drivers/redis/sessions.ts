import { jsonOf } from '../../core/json-text.ts'
import type { Sessions } from '../../core/ports.ts'
import type { Refusals } from '../../core/refusals.ts'
import type { Session } from '../../core/types.ts'
import type { Connection } from './connection.ts'
import type { RedisKeys } from './keys.ts'

/** Redis itself takes away what has expired. */
export function redisSessions({ send, script }: Connection, keys: RedisKeys, refuse: Refusals['refuse']): Sessions {
  return {
    async get(id) {
      const json = await send(redis => redis.hget(keys.session(id), 'json'))
      const session = json === null ? undefined : jsonOf(json)
      if (json !== null && session === undefined) refuse('session', `what stands under ${keys.session(id)} is not a session`)
      return session as Session | undefined
    },
    async put(session) {
      const { id, revision, expiresAt } = session
      return (await script('putSession', [keys.session(id)], [revision, JSON.stringify(session), expiresAt])) === 1
    },
    delete: async id => (await send(redis => redis.del(keys.session(id)))) === 1
  }
}
