import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const byCode = sql('tenant.find-by-code', `select id, code from tenant where code = $1`)
export async function findTenantByCode(tx: Transaction, code: string): Promise<{ id: number; code: string } | undefined> {
  return (await tx.query<{ id: number; code: string }>(byCode, [code]))[0]
}
