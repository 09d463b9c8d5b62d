import type { Artifacts } from '../../core/ports.ts'
import type { Sqlite } from './open-sqlite.ts'

export function artifacts({ db, write }: Sqlite): Artifacts {
  const sql = {
    get: db.prepare('SELECT media_type, content FROM artifact WHERE run_id=? AND name=?'),
    put: db.prepare(
      'INSERT INTO artifact(run_id, name, media_type, content) VALUES(?,?,?,?) ON CONFLICT DO UPDATE SET media_type=excluded.media_type, content=excluded.content'
    ),
    removeAll: db.prepare('DELETE FROM artifact WHERE run_id=?')
  }
  return {
    put: (runId, name, { content, mediaType }) =>
      write(() => {
        sql.put.run(runId, name, mediaType, content)
      }),
    async get(runId, name) {
      const row = sql.get.get(runId, name)
      return row && { content: row.content as Uint8Array, mediaType: String(row.media_type) }
    },
    deleteAll: runId =>
      write(() => {
        sql.removeAll.run(runId)
      })
  }
}
