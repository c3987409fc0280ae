import { writeFileSync } from 'node:fs'
import type { Postgres } from '../harness/postgres.ts'

/** What the database says in the end. Instants are epoch milliseconds. */
export interface Dump {
  readonly at: number
  readonly fires: readonly FireRow[]
  readonly runs: readonly RunRow[]
  readonly instances: readonly InstanceRow[]
  readonly attempts: readonly AttemptRow[]
  readonly sessions: readonly SessionRow[]
  readonly refused: readonly RefusedRow[]
  readonly tasks: readonly { readonly tenantId: number; readonly id: number; readonly code: string }[]
  readonly audit: readonly { readonly tenantId: number; readonly operation: string; readonly objectId: string | null }[]
  readonly keys: readonly { readonly key: string; readonly answered: boolean }[]
  readonly outbox: number
  readonly scheduleWakes: number
  /** How far each schedule has been decided: every occurrence before its next one. */
  readonly dues: readonly { readonly tenantId: number; readonly scheduleId: number; readonly nextFireAt: number | null }[]
}

export interface FireRow {
  readonly tenantId: number
  readonly scheduleId: number
  readonly fireAt: number
  readonly lastFireAt: number
  readonly count: number
  readonly outcome: 'RUN' | 'LATE' | 'CAUGHT_UP' | 'SKIPPED' | 'MISSED'
  readonly reason: string
  readonly runId: number | null
  readonly decidedAt: number
}

export interface RunRow {
  readonly tenantId: number
  readonly id: number
  readonly live: boolean
  readonly taskId: number
  readonly state: string
  readonly reason: string | null
  readonly origin: string
  readonly scheduleId: number | null
  readonly fireAt: number | null
  readonly parentRunId: number | null
  readonly concurrencyKey: string | null
  readonly admitted: boolean
  readonly instances: number
  /** Of the client's operation that started it. */
  readonly key: string | null
  readonly createdAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
}

export interface InstanceRow {
  readonly tenantId: number
  readonly id: number
  readonly runId: number
  readonly live: boolean
  readonly state: string
  readonly attempt: number
  readonly lost: number
  readonly token: number
  readonly sessionId: number | null
  readonly reservedAt: number | null
  readonly endedAt: number | null
}

export interface AttemptRow {
  readonly tenantId: number
  readonly instanceId: number
  readonly number: number
  readonly token: number
  readonly sessionId: number | null
  readonly outcome: string
  readonly reservedAt: number | null
  readonly endedAt: number
}

export interface SessionRow {
  readonly tenantId: number
  readonly id: number
  readonly endReason: string | null
  readonly leaseUntil: number
  readonly endedAt: number | null
}

export interface RefusedRow {
  readonly tenantId: number
  readonly instanceId: number
  readonly token: number
  readonly sessionId: number | null
  readonly kind: string
}

const RUN_COLUMNS = `tenant_id as "tenantId", id, target_id as "taskId", state, reason, origin, schedule_id as "scheduleId", to_ms(fire_at) as "fireAt",
  parent_run_id as "parentRunId", concurrency_key as "concurrencyKey", admitted, instances, params ->> 'key' as key, to_ms(created_at) as "createdAt",
  to_ms(started_at) as "startedAt", to_ms(ended_at) as "endedAt"`

const INSTANCE_COLUMNS = `tenant_id as "tenantId", id, run_id as "runId", state, attempt, lost, token, session_id as "sessionId",
  to_ms(reserved_at) as "reservedAt", to_ms(ended_at) as "endedAt"`

const TABLES: Readonly<Record<Exclude<keyof Dump, 'at' | 'outbox' | 'scheduleWakes'>, string>> = {
  fires: `select tenant_id as "tenantId", schedule_id as "scheduleId", to_ms(fire_at) as "fireAt", to_ms(last_fire_at) as "lastFireAt", count, outcome,
            reason, run_id as "runId", to_ms(decided_at) as "decidedAt" from fire order by 1, 2, 3`,
  runs: `select ${RUN_COLUMNS}, true as live from run_live union all select ${RUN_COLUMNS}, false from run_history`,
  instances: `select ${INSTANCE_COLUMNS}, true as live from instance_live union all select ${INSTANCE_COLUMNS}, false from instance_history`,
  attempts: `select tenant_id as "tenantId", instance_id as "instanceId", number, token, session_id as "sessionId", outcome,
               to_ms(reserved_at) as "reservedAt", to_ms(ended_at) as "endedAt" from attempt`,
  sessions: `select tenant_id as "tenantId", id, end_reason as "endReason", to_ms(lease_until) as "leaseUntil", to_ms(ended_at) as "endedAt"
             from executor_session`,
  refused: `select tenant_id as "tenantId", instance_id as "instanceId", token, session_id as "sessionId", kind from refused_report`,
  tasks: `select tenant_id as "tenantId", id, code from task where deleted_at is null`,
  audit: `select tenant_id as "tenantId", operation, object_id as "objectId" from audit`,
  dues: `select tenant_id as "tenantId", schedule_id as "scheduleId", to_ms(next_fire_at) as "nextFireAt" from schedule_due`,
  keys: `select key, response is not null as answered from idempotency`,
}

/** Reads everything at one instant, so that what hangs together is seen together. */
export async function dumpDatabase(postgres: Postgres, file: string): Promise<void> {
  const parts = Object.entries(TABLES).map(
    ([name, sql]) => `'${name}', (select coalesce(json_agg(row_to_json(r)), '[]'::json) from (${sql}) r)`,
  )
  const [row] = await postgres.query<{ dump: Dump }>(
    `select json_build_object('at', to_ms(clock_timestamp()), ${parts.join(', ')}, 'outbox', (select count(*) from outbox),
       'scheduleWakes', (select count(*) from schedule_wake)) as dump`,
  )
  writeFileSync(file, JSON.stringify(row!.dump))
}
