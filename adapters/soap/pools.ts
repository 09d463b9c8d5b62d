/** Kept-alive connections by origin, by who may go where, and by what they are secured with. */
import type { Pool } from 'undici'
import { openPool, type Way } from './http.ts'

export interface Pools {
  get(way: Way): Pool
  /** Its answers are not those of the standard: they are read as browsers read them, each on a connection of its own. */
  noteSloppy(way: Way): void
  isSloppy(way: Way): boolean
  stats(): { readonly origins: number; readonly connections: number }
  close(): Promise<void>
}

export function createPools(): Pools {
  const pools = new Map<string, Pool>()
  const sloppy = new Set<string>()
  return {
    noteSloppy: way => void sloppy.add(nameOf(way)),
    isSloppy: way => sloppy.size > 0 && sloppy.has(nameOf(way)),
    get: way => {
      const name = nameOf(way)
      const known = pools.get(name)
      if (known !== undefined) return known
      const pool = openPool(way)
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

/** A connection that one bot was let through to is none for a bot that would not have been. */
function nameOf({ origin, reach, tls, proxy }: Way): string {
  const right = reach === undefined ? 'any' : reach.origins.includes(origin) ? 'listed' : 'public'
  return `${origin} ${right} ${tls?.id ?? ''} ${proxy?.url.origin ?? ''} ${proxy?.authorization ?? ''}`
}
