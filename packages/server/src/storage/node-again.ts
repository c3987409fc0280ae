import type { InstanceState, WaitReason } from '@carillon/core'
import { column, plainColumn } from './columns.ts'
import type { Transaction } from './database.ts'
import { waited, type InstanceKey } from './instance.ts'
import type { NodeKey } from './node.ts'
import { placed } from './placed.ts'
import { sql } from './sql.ts'

// What it takes to let a node of a live run run again, or now: what has ended, where all the others stand, and what changes.

const FIND_ENDED = sql(
  'nodeAgain.findEnded',
  `select h.tenant_id as "tenantId", h.id, h.run_id as "runId", h.plan_id as "planId", h.node, h.shard_index as "shardIndex", h.shard_total as "shardTotal",
     h.state, h.queue_id as "queueId", h.params, h.executor_id as "executorId"
   from instance_history h where h.tenant_id = $1 and h.id = $2`,
)

export interface EndedInstance extends NodeKey, InstanceKey {
  readonly planId: number
  readonly shardIndex: number
  readonly shardTotal: number
  readonly state: InstanceState
  readonly queueId: number
  /** Null: it had not been given any when it ended. Of a fan-out: it is no element. */
  readonly params: Readonly<Record<string, unknown>> | null
  readonly executorId: number | null
}

export async function findEndedInstance(tx: Transaction, { tenantId, id }: InstanceKey): Promise<EndedInstance | undefined> {
  return (await tx.query<EndedInstance>(FIND_ENDED, [tenantId, id]))[0]
}

const ROWS = (age: 'live' | 'history') =>
  `select l.id, l.node, l.shard_index as "shardIndex", l.state, l.wait_reason as "waitReason", l.error ->> 'code' as code, l.started_at is not null as started
   from instance_${age} l where l.tenant_id = $1 and l.run_id = $2 and l.id > $2 and l.id <> l.run_id`
const STANDINGS = sql('nodeAgain.standings', `select * from (${ROWS('live')} union all ${ROWS('history')}) i order by i.id`)

/** An instance of a run, without anything that could be large. */
export interface InstanceStanding {
  readonly id: number
  readonly node: number
  readonly shardIndex: number
  readonly state: InstanceState
  readonly waitReason: WaitReason | null
  /** Of its error. */
  readonly code: string | null
  readonly started: boolean
}

/** All instances of one run, those that live and those that have ended, in the order in which they were made. */
export function selectStandings(tx: Transaction, tenantId: number, runId: number): Promise<InstanceStanding[]> {
  return tx.query(STANDINGS, [tenantId, runId])
}

const SET_PARENTS = sql(
  'nodeAgain.setParents',
  `update instance_live i
   set parents_ok = p.ok, parents_failed = p.failed, parents_skipped = p.skipped,
     error = case when p.problem is not null then jsonb_build_object('code', 'CONDITION', 'message', p.problem) end
   from ${placed('instance_live', 'id', 'unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::int[], $6::text[]) as batch (tenant_id, id, ok, failed, skipped, problem)')} p
   where i.ctid = p.place and (i.state = 'WAITING') is not false and i.wait_reason in ('DEPENDENCY', 'SLOT')`,
)

export interface NodeParents extends InstanceKey {
  readonly ok: number
  readonly failed: number
  readonly skipped: number
  readonly problem: string | null
}

/** What nodes that wait have been told so far. The caller holds the lock of their run. */
export function setParents(tx: Transaction, nodes: readonly NodeParents[]): void {
  if (nodes.length === 0) return
  tx.send(SET_PARENTS, [
    plainColumn(column(nodes, 'tenantId')),
    plainColumn(column(nodes, 'id')),
    plainColumn(column(nodes, 'ok')),
    plainColumn(column(nodes, 'failed')),
    plainColumn(column(nodes, 'skipped')),
    column(nodes, 'problem'),
  ])
}

const RUN_NOW = sql(
  'nodeAgain.runNow',
  `update instance_live i
   set state = case when $3 then 'WAITING' else 'PENDING' end, wait_reason = case when $3 then 'PAUSED' end, due_at = null,
     waits = ${waited()}
   where i.tenant_id = $1 and i.id = $2 and i.state = 'WAITING' and i.wait_reason = 'TIME'`,
)

/** Ends the pause before an attempt. The caller holds the lock of the instance. */
export function runInstanceNow(tx: Transaction, { tenantId, id }: InstanceKey, paused: boolean): void {
  tx.send(RUN_NOW, [tenantId, id, paused])
}

const AVOID = sql(
  'nodeAgain.avoid',
  `update instance_live i set avoid_executor_id = $3, avoid_until = at_ms($4) where i.tenant_id = $1 and i.id = $2`,
)

/** Until then an instance is not given to this executor. */
export function avoidExecutor(tx: Transaction, { tenantId, id }: InstanceKey, executorId: number, until: number): void {
  tx.send(AVOID, [tenantId, id, executorId, until])
}
