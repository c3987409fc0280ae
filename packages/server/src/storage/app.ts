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
}

export interface AppRow extends AppFields, VersionedRow {
  readonly name: string
  readonly code: string
}

export const apps = versionedTable<AppRow, AppFields>({
  table: 'app',
  columns: { code: 'text', name: 'text', description: 'text', shared: 'boolean', paused: 'boolean', ratePerSecond: 'float8' },
})

/** The platform's tenant, whose shared apps everyone may use. */
export const PLATFORM_TENANT = 1
/** The app of the executor that ships with the product, of the platform's tenant. */
export const BUILTIN_APP = { tenantId: PLATFORM_TENANT, id: 2 } as const

const shared = sql(
  'app.find-shared',
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
