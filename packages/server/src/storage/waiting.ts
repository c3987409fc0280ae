import type { CapacityRule, LabelSelector, WaitReason } from '@carillon/core'
import { keyColumns } from './columns.ts'
import type { Transaction } from './database.ts'
import type { InstanceKey } from './instance.ts'
import type { RunKey } from './run.ts'
import { sql } from './sql.ts'

/** Everything by which an instance that does not run may be held back: see `explain.ts`. */
export interface WaitingFacts {
  readonly tenantId: number
  readonly id: number
  readonly state: 'WAITING' | 'PENDING' | 'RESERVED'
  readonly runId: number
  readonly planId: number
  readonly node: number
  readonly shardIndex: number
  readonly waitReason: WaitReason | null
  readonly dueAt: number | null
  readonly runReason: string | null
  /** Of what waits for an event. */
  readonly eventName: string | null
  readonly eventKey: string | null
  /** The run that is a part of it. */
  readonly partRunId: number | null
  /** From here on: of what an executor is to run. */
  readonly handler: string
  readonly selector: LabelSelector
  readonly appCode: string
  readonly appPaused: boolean
  readonly tenantActive: boolean
  readonly scheduler: 'RUNNING' | 'STOPPED' | 'DRAINING'
  /** Whole starts left, of the tightest rate; null: no rate limits it. */
  readonly starts: number | null
  /** The executor that it was placed with, which alone can take it. */
  readonly placedWith: string | null
  /** Since when that one has had no session; null: it has one. */
  readonly placedGoneAt: number | null
  /** Since when that one has not served it; null: it does. */
  readonly placedUnservedAt: number | null
  /** Its route strategy has yet to choose an executor. */
  readonly toBePlaced: boolean
  /** Executors that serve the handler under the selector. */
  readonly serving: number
  /** Of these, online, healthy and with a session. */
  readonly available: number
  /** How each of those that are not stands: its status, or else its health; OFFLINE without a session. */
  readonly standing: readonly string[]
  /** Of those that are, with a free place. */
  readonly free: number
  /** Which these are. */
  readonly freeIds: readonly number[]
  /** By which the places of its app are divided, and what of it they go by. */
  readonly capacityRules: readonly CapacityRule[]
  readonly lane: readonly string[]
  readonly tenantCode: string
  readonly appTenantId: number
  readonly appId: number
  readonly appShared: boolean
  readonly executor: string | null
}

// The status of an executor changes as it goes, unless a person has set that: then its sessions say it, which are kept for a day.
const GONE_AT = `case
  when m.deleted_at is not null then m.deleted_at
  when exists (select from executor_session s where s.tenant_id = m.tenant_id and s.executor_id = m.id and s.ended_at is null) then null
  when m.status_set_by is null then m.status_set_at
  else coalesce((select max(s.ended_at) from executor_session s where s.tenant_id = m.tenant_id and s.executor_id = m.id), m.registered_at)
  end`

// What an executor serves it said when it registered, or a person has since.
const UNSERVED_AT = `case
  when m.handlers ? q.handler and selected(m.labels, q.selector) then null
  when m.registered_by is null then m.registered_at
  else m.updated_at
  end`

const facts = sql(
  'instance.waitingFacts',
  `select i.tenant_id as "tenantId", i.id, i.state, i.run_id as "runId", i.plan_id as "planId", i.node, i.shard_index as "shardIndex", i.wait_reason as "waitReason", i.due_at as "dueAt",
     r.reason as "runReason", w.name as "eventName", w.key as "eventKey",
     (select p.id from run_live p where i.wait_reason = 'SUB_DAG' and p.tenant_id = i.tenant_id and p.parent_instance_id = i.id limit 1) as "partRunId",
     q.handler, q.selector, coalesce(q.route_key is not null, false) as "toBePlaced",
     (select m.instance from executor m where m.tenant_id = q.app_tenant_id and m.id = q.executor_id) as "placedWith",
     (select to_ms(${GONE_AT}) from executor m where i.state = 'PENDING' and m.tenant_id = q.app_tenant_id and m.id = q.executor_id) as "placedGoneAt",
     (select to_ms(${UNSERVED_AT}) from executor m where i.state = 'PENDING' and m.tenant_id = q.app_tenant_id and m.id = q.executor_id) as "placedUnservedAt",
     a.code as "appCode", a.paused as "appPaused", e.state = 'ACTIVE' as "tenantActive", (select state from scheduler_control) as scheduler,
     (select min(floor(least(b.burst, b.tokens + extract(epoch from statement_timestamp() - b.refilled_at) * b.per_second))) from rate_bucket b
      where (b.tenant_id = q.rate_tenant_id and b.key = q.rate_key) or (b.tenant_id = q.app_tenant_id and b.key = 'app:' || q.app_id)) as starts,
     x.serving, x.available, x.standing, x.free, x.free_ids as "freeIds",
     coalesce(a.capacity, '[]') as "capacityRules", coalesce(q.lane, '[]') as lane, e.code as "tenantCode",
     q.app_tenant_id as "appTenantId", q.app_id as "appId", a.shared as "appShared",
     (select m.instance from executor m where m.tenant_id = q.app_tenant_id and m.id = i.executor_id) as executor
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   cross join lateral (select * from instance_live l where l.tenant_id = wanted.tenant_id and l.id = wanted.id limit 1) i
   join run_live r on r.tenant_id = i.tenant_id and r.id = i.run_id
   join tenant e on e.id = i.tenant_id
   left join event_wait w on w.tenant_id = i.tenant_id and w.instance_id = i.id
   left join queue q on q.id = i.queue_id
   left join app a on a.tenant_id = q.app_tenant_id and a.id = q.app_id
   cross join lateral (
     select count(*) as serving,
       count(*) filter (where m.in_service and s.id is not null) as available,
       coalesce(array_agg(case when m.status <> 'ONLINE' then m.status when s.id is null then 'OFFLINE' else m.health end)
         filter (where not (m.in_service and s.id is not null)), '{}') as standing,
       count(*) filter (where y.free) as free, coalesce(array_agg(m.id) filter (where y.free), '{}') as free_ids
     from executor m
     left join executor_session s on s.tenant_id = m.tenant_id and s.executor_id = m.id and s.ended_at is null
     cross join lateral (select m.in_service and s.id is not null and s.capacity > (
         select count(*) from instance_live h where h.session_id = s.id and h.state in ('RESERVED', 'RUNNING')) as free) y
     where i.state <> 'WAITING' and m.tenant_id = q.app_tenant_id and m.app_id = q.app_id and m.deleted_at is null
       and m.handlers ? q.handler and selected(m.labels, q.selector) and (q.executor_id is null or q.executor_id = m.id)) x
   where i.state in ('WAITING', 'PENDING', 'RESERVED')`,
)
/** As the engine: the executors of a shared app are the platform's. Nothing of other tenants comes out but counts. */
export function waitingFacts(tx: Transaction, instances: readonly InstanceKey[]): Promise<WaitingFacts[]> {
  return tx.query(facts, keyColumns(instances))
}

const liveNodes = sql(
  'instance.liveNodes',
  `select distinct i.run_id as "runId", i.node
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, run_id)
   cross join lateral (select l.run_id, l.node from instance_live l where l.tenant_id = wanted.tenant_id and l.run_id = wanted.run_id and l.id <> l.run_id) i`,
)
/** The nodes of runs that have not ended. */
export async function liveNodesOf(tx: Transaction, runs: readonly RunKey[]): Promise<ReadonlyMap<number, ReadonlySet<number>>> {
  const distinct = [...new Map(runs.map((run) => [run.id, run])).values()]
  const rows = distinct.length === 0 ? [] : await tx.query<{ runId: number; node: number }>(liveNodes, keyColumns(distinct))
  const nodes = new Map<number, Set<number>>(distinct.map(({ id }) => [id, new Set()]))
  for (const { runId, node } of rows) nodes.get(runId)!.add(node)
  return nodes
}
