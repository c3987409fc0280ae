import type { SecretView, UsableBy } from '@carillon/contract'
import type { Transaction } from './database.ts'
import { listing } from './listing.ts'
import type { WrappedKey } from './secret-key.ts'
import { sql } from './sql.ts'

/** A value as it is stored, with the data key that opens it and who may use it. */
export interface SealedSecret extends Omit<WrappedKey, 'id'> {
  readonly name: string
  readonly valueVersion: number
  readonly sealed: Buffer
  readonly usableBy: UsableBy
}

const VIEW = `s.id, s.name, s.description, s.usable_by as "usableBy", s.value_version as "valueVersion", s.version, s.created_by as "createdBy",
  s.created_at as "createdAt", s.updated_at as "updatedAt", s.rotated_at as "rotatedAt"`
const NAMED = `s.tenant_id = $1 and (s.id = (case when $2::text ~ '^[0-9]{1,16}$' then $2::text::bigint end) or s.name = $2::text)`

export interface SecretInput {
  readonly name: string
  readonly description: string
  readonly usableBy: UsableBy
  readonly sealed: Buffer
  readonly keyId: number
  readonly createdBy: string
}

const insert = sql(
  'secret.insert',
  `insert into secret as s (tenant_id, name, description, usable_by, sealed, key_id, created_by)
   values ($1, $2, $3, $4::jsonb, $5, $6, $7) on conflict (tenant_id, name) do nothing returning ${VIEW}`,
)
/** Undefined: the name is taken. */
export async function insertSecret(tx: Transaction, tenantId: number, secret: SecretInput): Promise<SecretView | undefined> {
  const { name, description, usableBy, sealed, keyId, createdBy } = secret
  const values = [tenantId, name, description, JSON.stringify(usableBy), sealed, keyId, createdBy]
  return (await tx.query<SecretView>(insert, values))[0]
}

const find = sql('secret.find', `select ${VIEW} from secret s where ${NAMED}`)
export async function findSecret(tx: Transaction, tenantId: number, ref: string): Promise<SecretView | undefined> {
  return (await tx.query<SecretView>(find, [tenantId, ref]))[0]
}

const lock = sql('secret.lock', `select ${VIEW} from secret s where ${NAMED} for no key update`)
export async function lockSecret(tx: Transaction, tenantId: number, ref: string): Promise<SecretView | undefined> {
  return (await tx.query<SecretView>(lock, [tenantId, ref]))[0]
}

const describeIt = sql(
  'secret.update',
  `update secret s set description = $3, usable_by = $4::jsonb, version = s.version + 1, updated_at = statement_timestamp()
   where s.tenant_id = $1 and s.id = $2 returning ${VIEW}`,
)
export async function updateSecret(tx: Transaction, tenantId: number, secret: SecretView): Promise<SecretView> {
  const { id, description, usableBy } = secret
  return (await tx.query<SecretView>(describeIt, [tenantId, id, description, JSON.stringify(usableBy)]))[0]!
}

const rotate = sql(
  'secret.rotate',
  `update secret s set sealed = $3, key_id = $4, value_version = $5, version = s.version + 1, updated_at = statement_timestamp(),
     rotated_at = statement_timestamp()
   where s.tenant_id = $1 and s.id = $2 returning ${VIEW}`,
)
export async function rotateSecret(
  tx: Transaction,
  tenantId: number,
  id: number,
  value: { readonly sealed: Buffer; readonly keyId: number; readonly valueVersion: number },
): Promise<SecretView> {
  return (await tx.query<SecretView>(rotate, [tenantId, id, value.sealed, value.keyId, value.valueVersion]))[0]!
}

const remove = sql('secret.delete', `delete from secret s where s.tenant_id = $1 and s.id = $2`)
export async function deleteSecret(tx: Transaction, tenantId: number, id: number): Promise<void> {
  await tx.query(remove, [tenantId, id])
}

const selectSealedText = sql(
  'secret.selectSealed',
  `select s.tenant_id as "tenantId", s.name, s.value_version as "valueVersion", s.sealed, s.usable_by as "usableBy", k.master, k.wrapped
   from unnest($1::bigint[], $2::text[]) as wanted (tenant_id, name)
   join secret s on s.tenant_id = wanted.tenant_id and s.name = wanted.name
   join secret_key k on k.tenant_id = s.tenant_id and k.id = s.key_id`,
)
/** Of any tenants: each named with its own. */
export async function selectSealed(
  tx: Transaction,
  wanted: readonly { readonly tenantId: number; readonly name: string }[],
): Promise<SealedSecret[]> {
  return tx.query<SealedSecret>(selectSealedText, [wanted.map((each) => each.tenantId), wanted.map((each) => each.name)])
}

const scopes = sql(
  'secret.selectScopes',
  `select s.name, s.usable_by as "usableBy" from secret s where s.tenant_id = $1 and s.name = any($2::text[])`,
)
export async function selectScopes(
  tx: Transaction,
  tenantId: number,
  names: readonly string[],
): Promise<{ readonly name: string; readonly usableBy: UsableBy }[]> {
  return tx.query(scopes, [tenantId, names])
}

export const listSecrets = listing<SecretView>({
  name: 'secret.list',
  text: `select ${VIEW} from secret s where s.tenant_id = $1`,
  filters: { q: `strpos(lower(s.name || ' ' || s.description), lower(?::text)) > 0` },
  orders: { name: { by: 's.name', type: 'text', field: 'name' } },
})
