import type { Tenant } from '@carillon/contract'
import type { Asking, Transaction } from './database.ts'
import { sql } from './sql.ts'

/** Statements of the platform: they look across tenants and run as the engine. */
const byCode = sql('tenant.findByCode', `select id, code from tenant where code = $1`)
export async function findTenantByCode(tx: Transaction, code: string): Promise<{ id: number; code: string } | undefined> {
  return (await tx.query<{ id: number; code: string }>(byCode, [code]))[0]
}

const VIEW = `t.id, t.code, t.name, t.state, t.weight, t.kinds, t.private_targets as "privateTargets", t.version, t.created_at as "createdAt", t.updated_at as "updatedAt"`

const insert = sql('tenant.insert', `insert into tenant as t (code, name, weight) values ($1, $2, $3) returning ${VIEW}`)
export async function insertTenant(tx: Transaction, tenant: Pick<Tenant, 'code' | 'name' | 'weight'>): Promise<Tenant> {
  return (await tx.query<Tenant>(insert, [tenant.code, tenant.name, tenant.weight]))[0]!
}

const NAMED = `(t.id = (case when $1::text ~ '^[0-9]{1,16}$' then $1::text::bigint end) or t.code = $1)`
const find = sql('tenant.find', `select ${VIEW} from tenant t where ${NAMED}`)
export async function findTenant(tx: Transaction, ref: string): Promise<Tenant | undefined> {
  return (await tx.query<Tenant>(find, [ref]))[0]
}

const lock = sql('tenant.lock', `select ${VIEW} from tenant t where ${NAMED} for no key update`)
export async function lockTenant(tx: Transaction, ref: string): Promise<Tenant | undefined> {
  return (await tx.query<Tenant>(lock, [ref]))[0]
}

const update = sql(
  'tenant.update',
  `update tenant t set name = $2, weight = $3, state = $4, kinds = $5::jsonb, private_targets = $6::text[], version = t.version + 1, updated_at = statement_timestamp() where t.id = $1 returning ${VIEW}`,
)
export async function updateTenantRow(
  tx: Transaction,
  tenant: Pick<Tenant, 'id' | 'name' | 'weight' | 'state' | 'kinds' | 'privateTargets'>,
): Promise<Tenant> {
  return (
    await tx.query<Tenant>(update, [
      tenant.id,
      tenant.name,
      tenant.weight,
      tenant.state,
      tenant.kinds && JSON.stringify(tenant.kinds),
      tenant.privateTargets,
    ])
  )[0]!
}

const allowedKinds = sql('tenant.allowedKinds', `select kinds from tenant where id = $1`)
/** Kinds that the tenant's types may be of; null: every kind. */
export async function selectAllowedKinds(tx: Transaction, tenantId: number): Promise<readonly string[] | null> {
  return (await tx.query<{ kinds: readonly string[] | null }>(allowedKinds, [tenantId]))[0]?.kinds ?? null
}

const privateTargets = sql(
  'tenant.listPrivateTargets',
  `select id, private_targets as "privateTargets" from tenant where private_targets <> '{}'`,
)
/** Of every tenant that has some. */
export function selectPrivateTargets(tx: Asking): Promise<{ id: number; privateTargets: readonly string[] }[]> {
  return tx.query<{ id: number; privateTargets: readonly string[] }>(privateTargets, [])
}
