import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

export type SchedulerState = 'RUNNING' | 'STOPPED' | 'DRAINING'

const get = sql(
  'schedulerControl.get',
  `select state, changed_by as "changedBy", changed_at as "changedAt" from scheduler_control`,
)
export interface SchedulerControlRow {
  readonly state: SchedulerState
  readonly changedBy: string | null
  readonly changedAt: number | null
}
export async function getSchedulerControl(tx: Transaction): Promise<SchedulerControlRow> {
  return (await tx.query<SchedulerControlRow>(get))[0]!
}

const set = sql(
  'schedulerControl.set',
  `update scheduler_control c set state = $1, changed_by = $2, changed_at = statement_timestamp()
   from (select state from scheduler_control for update) before returning before.state`,
)
/** Answers the state before. */
export async function setSchedulerState(tx: Transaction, state: SchedulerState, by: string): Promise<SchedulerState> {
  return (await tx.query<{ state: SchedulerState }>(set, [state, by]))[0]!.state
}

export interface ServerNodeRow {
  readonly id: string
  readonly name: string
  readonly address: string | null
  readonly version: string
  readonly state: SchedulerState
  readonly alive: boolean
  readonly leads: readonly string[]
  readonly startedAt: number
  readonly seenAt: number
}

const nodes = sql(
  'serverNode.list',
  `select n.id, n.name, n.address, n.version, n.state, n.seen_at > statement_timestamp() - interval '10 s' as alive,
     array(select l.role from leader l where l.node_id = n.id and l.lease_until > statement_timestamp() order by l.role) as leads,
     n.started_at as "startedAt", n.seen_at as "seenAt"
   from server_node n order by n.name, n.id limit 1000`,
)
export function listNodes(tx: Transaction): Promise<ServerNodeRow[]> {
  return tx.query(nodes)
}

const setNode = sql(
  'serverNode.setState',
  `update server_node n set state = $2 from (select id, state from server_node where id = $1 for update) before where n.id = before.id returning before.state`,
)
/** Answers the state before; undefined when there is no such node. */
export async function setNodeState(tx: Transaction, id: string, state: SchedulerState): Promise<SchedulerState | undefined> {
  return (await tx.query<{ state: SchedulerState }>(setNode, [id, state]))[0]?.state
}
