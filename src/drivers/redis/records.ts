import { jsonOf } from '../../core/json-text.ts'
import type { Records } from '../../core/ports.ts'
import type { Refusals } from '../../core/refusals.ts'
import type { Json } from '../../core/types.ts'
import type { Connection } from './connection.ts'
import type { RedisKeys } from './keys.ts'

export function redisRecords({ send, script }: Connection, keys: RedisKeys, refuse: Refusals['refuse']): Records {
  const read = (kind: string, id: string, json: string): Json | undefined => {
    const value = jsonOf(json)
    if (value === undefined) refuse('record', `the record ${kind} ${id} is not JSON`)
    return value
  }
  return {
    async get(kind, id) {
      const json = await send(redis => redis.hget(keys.records(kind), id))
      return json === null ? undefined : read(kind, id, json)
    },
    async put(kind, id, value) {
      await script('putRecord', [keys.records(kind), keys.stamp(kind)], [id, JSON.stringify(value)])
    },
    async delete(kind, id) {
      return (await script('deleteRecord', [keys.records(kind), keys.stamp(kind)], [id])) === 1
    },
    async list(kind) {
      const all = await send(redis => redis.hgetall(keys.records(kind)))
      return Object.entries(all)
        .flatMap(([id, json]) => {
          const value = read(kind, id, json)
          return value === undefined ? [] : [{ id, value }]
        })
        .sort((a, b) => (a.id < b.id ? -1 : 1))
    },
    async stamp(kind) {
      return Number((await send(redis => redis.get(keys.stamp(kind)))) ?? 0)
    }
  }
}
