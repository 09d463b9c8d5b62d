import type { Store } from '../../core/ports.ts'
import type { Sqlite } from './open-sqlite.ts'

export function slots({ db, write }: Sqlite, now: () => number): Pick<Store, 'acquireSlot' | 'releaseSlot'> {
  const sql = {
    expire: db.prepare('DELETE FROM slot WHERE name=? AND until<=?'),
    renew: db.prepare('UPDATE slot SET until=? WHERE name=? AND holder=?'),
    count: db.prepare('SELECT count(*) AS holders FROM slot WHERE name=?'),
    take: db.prepare('INSERT INTO slot(name, holder, until) VALUES(?,?,?)'),
    release: db.prepare('DELETE FROM slot WHERE name=? AND holder=?')
  }
  return {
    acquireSlot: ({ name, holder, limit, untilMs }) =>
      write(() => {
        sql.expire.run(name, now())
        if (sql.renew.run(untilMs, name, holder).changes > 0) return true
        if (Number(sql.count.get(name)?.holders) >= limit) return false
        sql.take.run(name, holder, untilMs)
        return true
      }),
    releaseSlot: ({ name, holder }) =>
      write(() => {
        sql.release.run(name, holder)
      })
  }
}
