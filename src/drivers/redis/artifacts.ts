import type { Artifacts } from '../../core/ports.ts'
import type { Connection } from './connection.ts'
import type { RedisKeys } from './keys.ts'

/** One hash for each run, two fields for each file. */
export function redisArtifacts({ send }: Connection, keys: RedisKeys): Artifacts {
  return {
    async put(runId, name, { content, mediaType }) {
      const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
      await send(redis => redis.hset(keys.artifacts(runId), `content:${name}`, bytes, `type:${name}`, mediaType))
    },
    async get(runId, name) {
      const [content, mediaType] = await send(redis => redis.hmgetBuffer(keys.artifacts(runId), `content:${name}`, `type:${name}`))
      return content && mediaType ? { content, mediaType: mediaType.toString() } : undefined
    },
    async deleteAll(runId) {
      await send(redis => redis.unlink(keys.artifacts(runId)))
    }
  }
}
