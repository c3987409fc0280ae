import type { Policies } from '@carillon/contract'
import type { Transaction } from './database.ts'
import { isNamed } from './listing.ts'
import { sql } from './sql.ts'
import { versionedTable, type VersionedRow } from './versioned-table.ts'

export interface TaskTypeFields {
  readonly code: string
  readonly name: string
  readonly description: string
  readonly kind: string
  readonly appId: number | null
  readonly appTenantId: number | null
  readonly settings: Record<string, unknown>
  readonly paramsSchema: Record<string, unknown> | null
  readonly defaults: Policies
  readonly labels: Record<string, string>
  readonly enabled: boolean
  /** Owned by the platform, read and used by every tenant. */
  readonly shared: boolean
}

export interface TaskTypeRow extends TaskTypeFields, VersionedRow {
  readonly name: string
  readonly code: string
  readonly appCode: string | null
}

const APP_IS = `t.app_id in (select a.id from app a where (a.tenant_id = $1 or a.shared) and ${isNamed('a')})`

export const taskTypes = versionedTable<TaskTypeRow, TaskTypeFields>({
  table: 'task_type',
  columns: {
    code: 'text',
    name: 'text',
    description: 'text',
    kind: 'text',
    appId: 'bigint',
    appTenantId: 'bigint',
    settings: 'jsonb',
    paramsSchema: 'jsonb',
    defaults: 'jsonb',
    labels: 'jsonb',
    enabled: 'boolean',
    shared: 'boolean',
  },
  shared: true,
  also: `, (select a.code from app a where a.tenant_id = t.app_tenant_id and a.id = t.app_id) as "appCode"`,
  filters: { kind: 't.kind = ?::text', app: APP_IS, enabled: 't.enabled = ?::boolean', shared: 't.shared = ?::boolean' },
})

const ofApp = sql(
  'taskType.holdOfApp',
  `select id from task_type where tenant_id = $1 and app_tenant_id = $1 and app_id = $2 and deleted_at is null order by id for share`,
)
/** The tenant's types that use an app of its own, held. */
export async function holdTypesOfApp(tx: Transaction, tenantId: number, appId: number): Promise<number[]> {
  return (await tx.query<{ id: number }>(ofApp, [tenantId, appId])).map((row) => row.id)
}

const lockUse = sql('taskType.lockUse', `select pg_advisory_xact_lock_shared(hashtextextended('carillon.shared-types', 0))`)
/**
 * For whoever is about to use a type of the platform, which a tenant's transaction may read but not lock: until it ends none of them
 * changes, so none changes behind the back of a new task.
 */
export async function lockUseOfSharedTypes(tx: Transaction): Promise<void> {
  await tx.query(lockUse, [])
}

const lockChange = sql('taskType.lockChange', `select pg_advisory_xact_lock(hashtextextended('carillon.shared-types', 0))`)
/** For whoever is about to change types of the platform: nobody begins to use one meanwhile. */
export async function lockSharedTypes(tx: Transaction): Promise<void> {
  await tx.query(lockChange, [])
}
