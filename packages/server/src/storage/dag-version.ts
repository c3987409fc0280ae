import type { DagDefinition, DagVersionState } from '@carillon/core'
import type { Transaction } from './database.ts'
import { listing } from './listing.ts'
import { sql } from './sql.ts'

export interface DagVersionHead {
  readonly id: number
  readonly dagId: number
  readonly number: number
  readonly base: number | null
  readonly state: DagVersionState
  readonly revision: number
  readonly contentHash: string
  readonly planId: number | null
  readonly note: string
  readonly nodeCount: number
  readonly createdBy: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly activatedAt: number | null
  readonly activatedBy: string | null
}

export interface DagVersionRow extends DagVersionHead {
  readonly definition: DagDefinition
}

const HEAD = `t.id, t.dag_id as "dagId", t.number, t.base_number as base, t.state, t.revision, t.content_hash as "contentHash", t.plan_id as "planId", t.note,
  coalesce(jsonb_array_length(t.definition -> 'nodes'), 0) as "nodeCount", t.created_by as "createdBy", t.created_at as "createdAt",
  t.updated_at as "updatedAt", t.activated_at as "activatedAt", t.activated_by as "activatedBy"`

const insert = sql(
  'dagVersion.insert',
  `insert into dag_version as t (tenant_id, dag_id, number, definition, content_hash, note, created_by, base_number)
   values ($1, $2, $3, $4::jsonb, $5, $6, $7, $8) returning ${HEAD}, t.definition`,
)
export interface DraftInput {
  readonly dagId: number
  readonly number: number
  readonly base: number | null
  readonly definition: DagDefinition
  readonly contentHash: string
  readonly note: string
  readonly createdBy: string
}
export async function insertDraft(tx: Transaction, tenantId: number, draft: DraftInput): Promise<DagVersionRow> {
  const { dagId, number, base, definition, contentHash, note, createdBy } = draft
  const values = [tenantId, dagId, number, JSON.stringify(definition), contentHash, note, createdBy, base]
  return (await tx.query<DagVersionRow>(insert, values))[0]!
}

const WHERE = `from dag_version t where t.tenant_id = $1 and t.dag_id = $2 and t.number = $3`
const find = sql('dagVersion.find', `select ${HEAD}, t.definition ${WHERE}`)
export async function findVersion(
  tx: Transaction,
  tenantId: number,
  dagId: number,
  number: number,
): Promise<DagVersionRow | undefined> {
  return (await tx.query<DagVersionRow>(find, [tenantId, dagId, number]))[0]
}

const lock = sql('dagVersion.lock', `select ${HEAD}, t.definition ${WHERE} for no key update`)
/** As `findVersion`, and nobody else changes it until this transaction ends. */
export async function lockVersion(
  tx: Transaction,
  tenantId: number,
  dagId: number,
  number: number,
): Promise<DagVersionRow | undefined> {
  return (await tx.query<DagVersionRow>(lock, [tenantId, dagId, number]))[0]
}

const rewrite = sql(
  'dagVersion.rewrite',
  `update dag_version t set definition = $3::jsonb, content_hash = $4, note = $5, revision = t.revision + 1, updated_at = statement_timestamp()
   where t.tenant_id = $1 and t.id = $2 and t.state = 'DRAFT' returning ${HEAD}, t.definition`,
)
/** Writes a locked draft anew. */
export async function rewriteDraft(
  tx: Transaction,
  tenantId: number,
  id: number,
  { definition, contentHash, note }: Pick<DraftInput, 'definition' | 'contentHash' | 'note'>,
): Promise<DagVersionRow> {
  const rows = await tx.query<DagVersionRow>(rewrite, [tenantId, id, JSON.stringify(definition), contentHash, note])
  if (!rows[0]) throw new Error(`The draft ${id} changed although it was locked.`)
  return rows[0]
}

const removeDraft = sql('dagVersion.deleteDraft', `delete from dag_version where tenant_id = $1 and id = $2 and state = 'DRAFT'`)
export async function deleteDraft(tx: Transaction, tenantId: number, id: number): Promise<void> {
  await tx.query(removeDraft, [tenantId, id])
}

const activate = sql(
  'dagVersion.activate',
  `update dag_version t set state = 'ACTIVE', plan_id = $3, activated_at = statement_timestamp(), activated_by = $4, updated_at = statement_timestamp()
   where t.tenant_id = $1 and t.id = $2 returning ${HEAD}, t.definition`,
)
export async function activateVersionRow(
  tx: Transaction,
  tenantId: number,
  id: number,
  planId: number,
  by: string,
): Promise<DagVersionRow> {
  return (await tx.query<DagVersionRow>(activate, [tenantId, id, planId, by]))[0]!
}

const archive = sql(
  'dagVersion.archive',
  `update dag_version set state = 'ARCHIVED', updated_at = statement_timestamp() where tenant_id = $1 and id = any($2::bigint[])`,
)
export async function archiveVersionRows(tx: Transaction, tenantId: number, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await tx.query(archive, [tenantId, ids])
}

export const listVersions = listing<DagVersionHead>({
  name: 'dagVersion.list',
  text: `select ${HEAD} from dag_version t where t.tenant_id = $1`,
  filters: { dag: 't.dag_id = ?::bigint', state: 't.state = ?::text', createdBy: 't.created_by = ?::text' },
  orders: { newest: { by: 't.number', type: 'bigint', descending: true, field: 'number' } },
})

const setPlans = sql(
  'dagVersion.setPlans',
  `update dag_version v set plan_id = p.plan_id from unnest($2::bigint[], $3::bigint[]) p (version_id, plan_id)
   where v.tenant_id = $1 and v.id = p.version_id`,
)
/** Points versions to new plans; what they say stays as it is. */
export async function setPlansOfVersions(tx: Transaction, tenantId: number, plans: ReadonlyMap<number, number>): Promise<void> {
  await tx.query(setPlans, [tenantId, [...plans.keys()], [...plans.values()]])
}

const dropPlans = sql(
  'dagVersion.dropPlans',
  `update dag_version set plan_id = null where tenant_id = $1 and id = any($2::bigint[])`,
)
/** Versions whose plans are out of date and that nobody uses: they get a plan again when somebody does. */
export async function dropPlansOfVersions(tx: Transaction, tenantId: number, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await tx.query(dropPlans, [tenantId, ids])
}

const definitions = sql(
  'dagVersion.definitions',
  `select id, definition from dag_version where tenant_id = $1 and id = any($2::bigint[])`,
)
export async function findDefinitions(
  tx: Transaction,
  tenantId: number,
  ids: readonly number[],
): Promise<Map<number, DagDefinition>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.query<{ id: number; definition: DagDefinition }>(definitions, [tenantId, ids])
  return new Map(rows.map((row) => [row.id, row.definition]))
}

const plansOfVersions = sql(
  'dagVersion.plans',
  `select v.tenant_id as "tenantId", v.dag_id as "dagId", v.number, v.plan_id as "planId"
   from unnest($1::bigint[], $2::bigint[], $3::int[]) as wanted (tenant_id, dag_id, number)
   join dag_version v on v.tenant_id = wanted.tenant_id and v.dag_id = wanted.dag_id and v.number = wanted.number and v.state <> 'DRAFT'`,
)
/** The plans of versions that have been activated; null: an archived one that nobody has named since its tasks changed. */
export function selectPlansOfVersions(
  tx: Transaction,
  versions: readonly { readonly tenantId: number; readonly dagId: number; readonly number: number }[],
): Promise<{ tenantId: number; dagId: number; number: number; planId: number | null }[]> {
  return tx.query(plansOfVersions, [
    versions.map((each) => each.tenantId),
    versions.map((each) => each.dagId),
    versions.map((each) => each.number),
  ])
}
