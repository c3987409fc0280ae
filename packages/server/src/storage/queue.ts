import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

export interface QueueInput {
  readonly appTenantId: number
  readonly appId: number
  readonly handler: string
  readonly selector: Readonly<Record<string, string>>
  readonly rate: { readonly tenantId: number; readonly key: string } | null
}

const insert = sql(
  'queue.insert-missing',
  `insert into queue (app_tenant_id, app_id, handler, selector, rate_tenant_id, rate_key, key)
   select q."appTenantId", q."appId", q.handler, q.selector, q."rateTenantId", q."rateKey", q.key
   from jsonb_to_recordset($1::jsonb)
     q ("appTenantId" bigint, "appId" bigint, handler text, selector jsonb, "rateTenantId" bigint, "rateKey" text, key text)
   order by q.key on conflict (key) do nothing`,
)
const ids = sql('queue.ids', `select id, key from queue where key = any($1::text[])`)

/** The queues of these properties, made where they are missing; in the order of the input. */
export async function internQueues(tx: Transaction, queues: readonly QueueInput[]): Promise<number[]> {
  const keys = queues.map(keyOf)
  const rows = new Map(queues.map((queue, index) => [keys[index]!, { ...flat(queue), key: keys[index]! }]))
  // Look first: nearly always they exist, and an insert that does nothing still burns a number.
  const wanted = [[...rows.keys()]]
  let known = await tx.query<{ id: number; key: string }>(ids, wanted)
  if (known.length < rows.size) {
    await tx.query(insert, [JSON.stringify([...rows.values()])])
    known = await tx.query(ids, wanted)
  }
  const byKey = new Map(known.map((row) => [row.key, row.id]))
  return keys.map((key) => byKey.get(key)!)
}

function flat({ rate, ...queue }: QueueInput) {
  return { ...queue, rateTenantId: rate?.tenantId ?? null, rateKey: rate?.key ?? null }
}

function keyOf({ appTenantId, appId, handler, selector, rate }: QueueInput): string {
  const labels = Object.entries(selector).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([appTenantId, appId, handler, labels, rate === null ? null : [rate.tenantId, rate.key]])
}
