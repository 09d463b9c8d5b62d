/** Kept-alive connections by origin, and by what they are secured with. */
import type { Pool } from 'undici'
import { openPool } from './http.ts'
import type { TlsSettings } from './security/tls.ts'

export interface Pools {
  get(origin: string, tls?: TlsSettings): Pool
  stats(): { readonly origins: number; readonly connections: number }
  close(): Promise<void>
}

export function createPools(): Pools {
  const pools = new Map<string, Pool>()
  return {
    get: (origin, tls) => {
      const name = tls === undefined ? origin : `${origin} ${tls.id}`
      const known = pools.get(name)
      if (known !== undefined) return known
      const pool = openPool(origin, tls)
      pools.set(name, pool)
      return pool
    },
    stats: () => ({ origins: pools.size, connections: [...pools.values()].reduce((sum, { stats }) => sum + stats.connected, 0) }),
    close: async () => {
      await Promise.all([...pools.values()].map(pool => pool.destroy()))
      pools.clear()
    }
  }
}
