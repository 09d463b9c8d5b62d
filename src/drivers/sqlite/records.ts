import { jsonOf } from '../../core/json-text.ts'
import type { Records } from '../../core/ports.ts'
import type { Refusals } from '../../core/refusals.ts'
import type { Json } from '../../core/types.ts'
import type { Sqlite } from './open-sqlite.ts'

export function records({ db, write }: Sqlite, refuse: Refusals['refuse']): Records {
  const read = (kind: string, { id, value: text }: Readonly<Record<string, unknown>>): Json | undefined => {
    const value = jsonOf(String(text))
    if (value === undefined) refuse('record', `the record ${kind} ${id} is not JSON`)
    return value
  }
  const sql = {
    get: db.prepare('SELECT id, value FROM record WHERE kind=? AND id=?'),
    put: db.prepare('INSERT INTO record(kind, id, value) VALUES(?,?,?) ON CONFLICT DO UPDATE SET value=excluded.value'),
    remove: db.prepare('DELETE FROM record WHERE kind=? AND id=?'),
    list: db.prepare('SELECT id, value FROM record WHERE kind=? ORDER BY id'),
    stamp: db.prepare('SELECT stamp FROM record_stamp WHERE kind=?'),
    grow: db.prepare('INSERT INTO record_stamp(kind, stamp) VALUES(?,1) ON CONFLICT DO UPDATE SET stamp=stamp+1')
  }
  return {
    async get(kind, id) {
      const row = sql.get.get(kind, id)
      return row && read(kind, row)
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
    list: async kind =>
      sql.list.all(kind).flatMap(row => {
        const value = read(kind, row)
        return value === undefined ? [] : [{ id: String(row.id), value }]
      }),
    stamp: async kind => Number(sql.stamp.get(kind)?.stamp ?? 0)
  }
}
