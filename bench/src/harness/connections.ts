import type { Fetch } from '@carillon/contract'
import { Pool } from 'undici'

export interface Connections {
  readonly fetch: Fetch
  close(): Promise<void>
}

/** A fixed number of connections for Carillon's client: a load generator must not open more and more of them when answers are slow. */
export function openConnections(origin: string, count: number): Connections {
  const pool = new Pool(origin, { connections: count, pipelining: 1, keepAliveTimeout: 4_000 })
  return {
    async fetch(url, { method, headers, body }) {
      const path = url.slice(origin.length)
      const answer = await pool.request({
        method: method as 'GET',
        path,
        headers: headers as Record<string, string>,
        body: (body ?? null) as string | null,
      })
      const text = await answer.body.text()
      return new Response(answer.statusCode === 204 ? null : text, { status: answer.statusCode })
    },
    close: () => pool.close(),
  }
}
