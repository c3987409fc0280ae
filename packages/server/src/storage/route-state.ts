import { column, plainColumn } from './columns.ts'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

export interface RouteStateKey {
  readonly tenantId: number
  readonly taskId: number
  /** Of a sticky task what is equal in its instances; otherwise ''. */
  readonly key: string
}

export interface RouteState extends RouteStateKey {
  readonly previous: number | null
  readonly marks: Readonly<Record<string, number>>
}

const keyColumns = (keys: readonly RouteStateKey[]) => [
  plainColumn(column(keys, 'tenantId')),
  plainColumn(column(keys, 'taskId')),
  column(keys, 'key'),
]

const SELECT = sql(
  'routeState.select',
  `select s.tenant_id as "tenantId", s.task_id as "taskId", s.key, s.previous, s.marks
   from unnest($1::bigint[], $2::bigint[], $3::text[]) as wanted (tenant_id, task_id, key)
   cross join lateral (
     select * from route_state l where l.tenant_id = wanted.tenant_id and l.task_id = wanted.task_id and l.key = wanted.key limit 1) s`,
)

export async function selectRouteStates(tx: Transaction, keys: readonly RouteStateKey[]): Promise<RouteState[]> {
  return keys.length === 0 ? [] : tx.query(SELECT, keyColumns(keys))
}

const SAVE = sql(
  'routeState.save',
  `insert into route_state as s (tenant_id, task_id, key, previous, marks)
   select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::jsonb[]) order by 1, 2, 3
   on conflict (tenant_id, task_id, key) do update set previous = excluded.previous, marks = excluded.marks, used_at = statement_timestamp()
   where s.previous is distinct from excluded.previous or s.marks <> excluded.marks or s.used_at < statement_timestamp() - interval '1 hour'`,
)

/** The last locks that a transaction takes, in the order of their keys. */
export function saveRouteStates(tx: Transaction, states: readonly RouteState[]): void {
  if (states.length === 0) return
  tx.send(SAVE, [
    ...keyColumns(states),
    plainColumn(column(states, 'previous')),
    states.map(({ marks }) => JSON.stringify(marks)),
  ])
}

const LOCK_APP = sql(
  'routeState.lockApp',
  `select pg_try_advisory_xact_lock(hashtextextended('place:' || $1::bigint, 0)) as mine`,
)

/** Keeps other nodes from placing instances of an app until this transaction ends; false: one is at it. */
export async function lockPlacing(tx: Transaction, appId: number): Promise<boolean> {
  return (await tx.query<{ mine: boolean }>(LOCK_APP, [appId]))[0]!.mine
}

const PRUNE = sql(
  'routeState.prune',
  `delete from route_state where (tenant_id, task_id, key) in (
     select tenant_id, task_id, key from route_state where used_at < statement_timestamp() - interval '30 days' limit $1)`,
)

/** Forgets what has not been gone by for a month. */
export async function pruneRouteStates(tx: Transaction, limit: number): Promise<void> {
  await tx.query(PRUNE, [limit])
}
