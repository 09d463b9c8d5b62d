import type { Artifacts } from '../../core/ports.ts'
import type { Sqlite } from './open-sqlite.ts'

export function artifacts({ db, write }: Sqlite): Artifacts {
  const sql = {
    get: db.prepare('SELECT media_type, content FROM artifact WHERE run_id=? AND name=?'),
    put: db.prepare(
      'INSERT INTO artifact(run_id, name, media_type, content) VALUES(?,?,?,?) ON CONFLICT DO UPDATE SET media_type=excluded.media_type, content=excluded.content'
    ),
    stored: db.prepare('SELECT bytes FROM stored WHERE tenant=?'),
    removeAll: db.prepare('DELETE FROM artifact WHERE run_id=?')
  }
  return {
    put: (runId, name, { content, mediaType }, of) =>
      write(() => {
        if (of !== undefined && Number(sql.stored.get(of.tenant)?.bytes ?? 0) + content.byteLength > of.mostBytes) return false
        sql.put.run(runId, name, mediaType, content)
        return true
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
