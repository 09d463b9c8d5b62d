import type { Artifacts } from '../../core/ports.ts'
import type { Connection } from './connection.ts'
import type { RedisKeys } from './keys.ts'

/** One hash for each run, some fields for each file. */
export function redisArtifacts({ send, script }: Connection, keys: RedisKeys): Artifacts {
  return {
    async put(runId, name, { content, mediaType }, of) {
      const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
      if (of !== undefined) {
        const args = [name, bytes, mediaType, of.tenant, Math.min(of.mostBytes, Number.MAX_SAFE_INTEGER)]
        return (await script('putArtifact', [keys.artifacts(runId), keys.storedBytes(of.tenant)], args)) === 1
      }
      await send(redis => redis.hset(keys.artifacts(runId), `content:${name}`, bytes, `type:${name}`, mediaType))
      return true
    },
    async get(runId, name) {
      const [content, mediaType] = await send(redis => redis.hmgetBuffer(keys.artifacts(runId), `content:${name}`, `type:${name}`))
      return content && mediaType ? { content, mediaType: mediaType.toString() } : undefined
    },
    async deleteAll(runId) {
      const tenant = await send(redis => redis.hget(keys.artifacts(runId), 'tenant'))
      if (tenant === null) await send(redis => redis.unlink(keys.artifacts(runId)))
      else await script('deleteArtifacts', [keys.artifacts(runId), keys.storedBytes(tenant)], [])
    }
  }
}
