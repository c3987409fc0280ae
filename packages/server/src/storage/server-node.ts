import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

export type NodeState = 'RUNNING' | 'STOPPED' | 'DRAINING'

const BEAT = sql(
  'serverNode.beat',
  `insert into server_node as n (id, name, address, version) values ($1, $2, $3, $4)
   on conflict (id) do update set name = excluded.name, address = excluded.address, version = excluded.version, seen_at = statement_timestamp(),
     started_at = case when $5 then statement_timestamp() else n.started_at end
   returning state, (select state from scheduler_control) as "wantedOfAll", to_ms(statement_timestamp()) as now,
     (select count(*)::int from server_node o where o.id <> $1 and o.seen_at > statement_timestamp() - interval '10 seconds') as others`,
)

export interface Beat {
  /** What this node is wanted to do, and what all are. */
  readonly state: NodeState
  readonly wantedOfAll: NodeState
  readonly now: number
  /** How many other nodes live. */
  readonly others: number
}

/** Says that a node lives, and hears what is wanted of it. */
export async function beatNode(
  tx: Transaction,
  node: { id: string; name: string; address: string | null; version: string; first: boolean },
): Promise<Beat> {
  return (await tx.query<Beat>(BEAT, [node.id, node.name, node.address, node.version, node.first]))[0]!
}

const LEAVE = sql('serverNode.leave', `delete from server_node where id = $1`)

export async function leaveNode(tx: Transaction, id: string): Promise<void> {
  await tx.query(LEAVE, [id])
}

const FORGET = sql('serverNode.forget', `delete from server_node where seen_at < statement_timestamp() - interval '1 day'`)

export async function forgetDeadNodes(tx: Transaction): Promise<void> {
  await tx.query(FORGET)
}
