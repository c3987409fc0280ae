import type { CapacityRule } from '@carillon/core'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'
import { versionedTable, type VersionedRow } from './versioned-table.ts'

export interface AppFields {
  readonly code: string
  readonly name: string
  readonly description: string
  readonly shared: boolean
  readonly paused: boolean
  readonly ratePerSecond: number | null
  readonly capacity: readonly CapacityRule[]
}

export interface AppRow extends AppFields, VersionedRow {
  readonly name: string
  readonly code: string
  readonly executors: { readonly total: number; readonly available: number }
}

export const apps = versionedTable<AppRow, AppFields>({
  table: 'app',
  columns: {
    code: 'text',
    name: 'text',
    description: 'text',
    shared: 'boolean',
    paused: 'boolean',
    ratePerSecond: 'float8',
    capacity: 'jsonb',
  },
  also: `, (select jsonb_build_object('total', count(*), 'available', count(*) filter (
      where e.in_service and exists (
        select from executor_session s where s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null)))
    from executor e where e.tenant_id = t.tenant_id and e.app_id = t.id and e.deleted_at is null) as executors`,
})

/** The platform's tenant, whose shared apps everyone may use. */
export const PLATFORM_TENANT = 1
/** The app of the executor that ships with the product, of the platform's tenant. */
export const BUILTIN_APP = { tenantId: PLATFORM_TENANT, id: 2 } as const

const shared = sql(
  'app.findShared',
  `select tenant_id as "tenantId", id, code from app
   where tenant_id = ${PLATFORM_TENANT} and shared and deleted_at is null and (code = $1 or id::text = $1)`,
)
/** An app that the platform shares with every tenant. */
export async function findSharedApp(
  tx: Transaction,
  ref: string,
): Promise<{ tenantId: number; id: number; code: string } | undefined> {
  return (await tx.query<{ tenantId: number; id: number; code: string }>(shared, [ref]))[0]
}

const withCode = sql(
  'app.tenantsWith',
  `select tenant_id as "tenantId" from app where code = $1 and tenant_id = any($2::bigint[]) and deleted_at is null`,
)
/** Of these tenants, those that have an app of this code themselves. */
export async function tenantsWithApp(tx: Transaction, code: string, tenantIds: readonly number[]): Promise<number[]> {
  return (await tx.query<{ tenantId: number }>(withCode, [code, tenantIds])).map((row) => row.tenantId)
}

const users = sql(
  'app.taskTypesUsing',
  `select code from task_type where app_tenant_id = $1 and app_id = $2 and deleted_at is null order by code limit 5`,
)
/** Task types that use an app; those of every tenant where the transaction sees them. */
export async function taskTypesUsing(tx: Transaction, appTenantId: number, appId: number): Promise<string[]> {
  return (await tx.query<{ code: string }>(users, [appTenantId, appId])).map((row) => row.code)
}

const members = sql(
  'app.executorsIn',
  `select instance from executor where tenant_id = $1 and app_id = $2 and deleted_at is null order by instance limit 5`,
)
export async function executorsIn(tx: Transaction, tenantId: number, appId: number): Promise<string[]> {
  return (await tx.query<{ instance: string }>(members, [tenantId, appId])).map((row) => row.instance)
}
