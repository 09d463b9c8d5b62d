/** Kept-alive connections by origin. */
import type { Pool } from 'undici'
import { openPool } from './http.ts'

export interface Pools {
  get(origin: string): Pool
  stats(): { readonly origins: number; readonly connections: number }
  close(): Promise<void>
}

export function createPools(): Pools {
  const pools = new Map<string, Pool>()
  return {
    get: origin => {
      const pool = pools.get(origin) ?? openPool(origin)
      pools.set(origin, pool)
      return pool
    },
    stats: () => ({ origins: pools.size, connections: [...pools.values()].reduce((sum, { stats }) => sum + stats.connected, 0) }),
    close: async () => {
      await Promise.all([...pools.values()].map(pool => pool.destroy()))
      pools.clear()
    }
  }
}
