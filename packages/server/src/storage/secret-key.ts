import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/** A data key as it is stored. */
export interface WrappedKey {
  readonly tenantId: number
  readonly id: number
  /** Fingerprint of the master key that wraps it. */
  readonly master: string
  readonly wrapped: Buffer
}

const COLUMNS = `k.tenant_id as "tenantId", k.id, k.master, k.wrapped`

const newest = sql(
  'secretKey.findNewest',
  `select ${COLUMNS} from secret_key k where k.tenant_id = $1 order by k.id desc limit 1`,
)
export async function findNewestKey(tx: Transaction, tenantId: number): Promise<WrappedKey | undefined> {
  return (await tx.query<WrappedKey>(newest, [tenantId]))[0]
}

const insert = sql('secretKey.insert', `insert into secret_key (tenant_id, master, wrapped) values ($1, $2, $3) returning id`)
export async function insertKey(tx: Transaction, tenantId: number, key: Pick<WrappedKey, 'master' | 'wrapped'>): Promise<number> {
  return (await tx.query<{ id: number }>(insert, [tenantId, key.master, key.wrapped]))[0]!.id
}

const notUnder = sql(
  'secretKey.ofAnyTenantNotUnder',
  `select ${COLUMNS} from secret_key k where k.master <> $1 order by k.tenant_id, k.id limit $2 for update`,
)
/** Across tenants: the master key is the platform's. Locked. */
export async function selectKeysNotUnder(tx: Transaction, master: string, most: number): Promise<WrappedKey[]> {
  return tx.query<WrappedKey>(notUnder, [master, most])
}

const update = sql(
  'secretKey.rewrap',
  `update secret_key k set master = g.master, wrapped = g.wrapped
   from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bytea[]) as g (tenant_id, id, master, wrapped)
   where k.tenant_id = g.tenant_id and k.id = g.id`,
)
export async function updateWrapped(tx: Transaction, keys: readonly WrappedKey[]): Promise<void> {
  await tx.query(update, [
    keys.map((key) => key.tenantId),
    keys.map((key) => key.id),
    keys.map((key) => key.master),
    keys.map((key) => key.wrapped),
  ])
}
