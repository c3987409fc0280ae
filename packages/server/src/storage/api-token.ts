import type { Role } from '@carillon/core'
import type { Transaction } from './database.ts'
import { listing } from './listing.ts'
import { sql } from './sql.ts'

export interface TokenHolder {
  readonly tenantId: number
  readonly tenantCode: string
  readonly tenantState: 'ACTIVE' | 'SUSPENDED'
  readonly tokenId: number
  readonly name: string
  readonly role: Role
  readonly appId: number | null
  readonly platformAdmin: boolean
}

const holder = sql(
  'apiToken.holderOfAnyTenant',
  `select k.tenant_id as "tenantId", e.code as "tenantCode", e.state as "tenantState", k.id as "tokenId", k.name, k.role,
     k.app_id as "appId", k.platform_admin as "platformAdmin"
   from api_token k join tenant e on e.id = k.tenant_id
   where k.hash = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > statement_timestamp())`,
)
/** Across tenants, because it is the token that says which tenant. */
export async function findTokenHolder(tx: Transaction, hash: Buffer): Promise<TokenHolder | undefined> {
  return (await tx.query<TokenHolder>(holder, [hash]))[0]
}

export interface TokenInput {
  readonly name: string
  readonly hash: Buffer
  readonly role: Role
  readonly appId: number | null
  readonly createdBy: string
  readonly expiresAt: number | null
}

export interface TokenRow {
  readonly id: number
  readonly name: string
  readonly role: Role
  readonly app: { readonly id: number; readonly code: string } | null
  readonly platformAdmin: boolean
  readonly createdBy: string
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
}

const VIEW = `t.id, t.name, t.role,
  (select jsonb_build_object('id', a.id, 'code', a.code) from app a where a.tenant_id = t.tenant_id and a.id = t.app_id) as app,
  t.platform_admin as "platformAdmin", t.created_by as "createdBy", t.created_at as "createdAt", t.expires_at as "expiresAt",
  t.revoked_at as "revokedAt"`

const insert = sql(
  'apiToken.insert',
  `insert into api_token as t (tenant_id, name, hash, role, app_id, created_by, expires_at)
   values ($1, $2, $3, $4, $5, $6, at_ms($7::bigint)) returning ${VIEW}`,
)
export async function insertToken(tx: Transaction, tenantId: number, token: TokenInput): Promise<TokenRow> {
  const { name, hash, role, appId, createdBy, expiresAt } = token
  return (await tx.query<TokenRow>(insert, [tenantId, name, hash, role, appId, createdBy, expiresAt]))[0]!
}

const find = sql('apiToken.find', `select ${VIEW} from api_token t where t.tenant_id = $1 and t.id = $2`)
export async function findToken(tx: Transaction, tenantId: number, id: number): Promise<TokenRow | undefined> {
  return (await tx.query<TokenRow>(find, [tenantId, id]))[0]
}

const revoke = sql(
  'apiToken.revoke',
  `update api_token t set revoked_at = coalesce(t.revoked_at, statement_timestamp())
   where t.tenant_id = $1 and t.id = $2 returning ${VIEW}`,
)
export async function revokeToken(tx: Transaction, tenantId: number, id: number): Promise<TokenRow> {
  return (await tx.query<TokenRow>(revoke, [tenantId, id]))[0]!
}

export const listTokens = listing<TokenRow>({
  name: 'apiToken.list',
  text: `select ${VIEW} from api_token t where t.tenant_id = $1`,
  filters: { role: 't.role = ?::text', revoked: '(t.revoked_at is not null) = ?::boolean' },
  orders: { '-id': { by: 't.id', type: 'bigint', descending: true, field: 'id' } },
})
