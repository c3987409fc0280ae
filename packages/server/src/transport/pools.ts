import { Pool, type buildConnector } from 'undici'
import { noticingConnect } from './never-sent.ts'

/** What dials for a tenant: the same as long as its egress rules are the same. */
export type ConnectOf = (tenantId: number) => buildConnector.connector

/** Kept-alive connections. */
export interface Pools {
  of(tenantId: number, origin: string): Pool
  /** Breaks off what is under way. */
  close(): Promise<void>
}

const MOST = 5_000

/**
 * Connections are judged when they are dialled, so none is used under rules other than those it was dialled under: each tenant has its own, and
 * new ones when its rules have changed. What is under way over the old ones comes to its end. Default: dials any address.
 */
export function createPools(options: Omit<Pool.Options, 'connect'>, connectOf?: ConnectOf): Pools {
  const kept = new Map<string, { readonly dial: buildConnector.connector | undefined; readonly pool: Pool }>()
  return {
    of(tenantId, origin) {
      const key = `${tenantId} ${origin}`
      const dial = connectOf?.(tenantId)
      const known = kept.get(key)
      if (known && known.dial === dial) return known.pool
      void known?.pool.close()
      const pool = new Pool(origin, { ...options, connect: noticingConnect(dial) })
      kept.set(key, { dial, pool })
      for (const [oldest, each] of kept) {
        if (kept.size <= MOST) break
        kept.delete(oldest)
        void each.pool.close()
      }
      return pool
    },
    async close() {
      await Promise.all([...kept.values()].map(({ pool }) => pool.destroy()))
    },
  }
}
