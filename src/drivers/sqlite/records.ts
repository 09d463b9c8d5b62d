import type { Records } from '../../core/ports.ts'
import type { Sqlite } from './open-sqlite.ts'

export function records({ db, write }: Sqlite): Records {
  const sql = {
    get: db.prepare('SELECT value FROM record WHERE kind=? AND id=?'),
    put: db.prepare('INSERT INTO record(kind, id, value) VALUES(?,?,?) ON CONFLICT DO UPDATE SET value=excluded.value'),
    remove: db.prepare('DELETE FROM record WHERE kind=? AND id=?'),
    list: db.prepare('SELECT id, value FROM record WHERE kind=? ORDER BY id'),
    stamp: db.prepare('SELECT stamp FROM record_stamp WHERE kind=?'),
    grow: db.prepare('INSERT INTO record_stamp(kind, stamp) VALUES(?,1) ON CONFLICT DO UPDATE SET stamp=stamp+1')
  }
  return {
    async get(kind, id) {
      const row = sql.get.get(kind, id)
      return row && JSON.parse(String(row.value))
    },
    async put(kind, id, value) {
      const text = JSON.stringify(value)
      await write(() => {
        sql.put.run(kind, id, text)
        sql.grow.run(kind)
      })
    },
    delete: (kind, id) =>
      write(() => {
        if (sql.remove.run(kind, id).changes === 0) return false
        sql.grow.run(kind)
        return true
      }),
    list: async kind => sql.list.all(kind).map(({ id, value }) => ({ id: String(id), value: JSON.parse(String(value)) })),
    stamp: async kind => Number(sql.stamp.get(kind)?.stamp ?? 0)
  }
}
