import type { Transaction } from './database.ts'
import { listing, type List } from './listing.ts'
import { sql } from './sql.ts'

/**
 * The statements that every configuration table with a version has: insert, find, lock, update under the version, soft deletion, list.
 * They are made from the table's columns, so that nine tables cannot differ in how they lock, page or stamp.
 */
export type ColumnType = 'text' | 'bigint' | 'int' | 'smallint' | 'float8' | 'boolean' | 'jsonb' | 'instant'

export interface VersionedRow {
  readonly id: number
  readonly code: string
  readonly name: string
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
}

export interface VersionedSpec {
  readonly table: string
  /** Field → type; the column is the field in snake case. */
  readonly columns: Readonly<Record<string, ColumnType>>
  /** Further fields that are read along: `, (select …) as "typeCode"`, of the row `t`. */
  readonly also?: string
  /** Rows of the platform that say so (`shared`) are read in every tenant; a tenant's own comes first where both have the code. */
  readonly shared?: boolean
  readonly filters?: Readonly<Record<string, string>>
  readonly list?: { readonly also: string }
}

export interface VersionedTable<Row extends VersionedRow, Fields> {
  readonly table: string
  readonly columns: readonly string[]
  /** `id` where it had to be known before (a task and its plan name each other). */
  insert(tx: Transaction, tenantId: number, fields: Fields, id?: number): Promise<Row>
  /** Undefined when the version is no longer the newest. */
  update(tx: Transaction, tenantId: number, id: number, version: number, fields: Fields): Promise<Row | undefined>
  /** By identifier (a number) or code. */
  find(tx: Transaction, tenantId: number, ref: string): Promise<Row | undefined>
  findMany(tx: Transaction, tenantId: number, ids: readonly number[]): Promise<Row[]>
  /** As `find`, and nobody else changes it until this transaction ends. */
  lock(tx: Transaction, tenantId: number, ref: string): Promise<Row | undefined>
  /** As `find`, and nobody changes or deletes it until this transaction ends: for whoever is about to refer to it. */
  hold(tx: Transaction, tenantId: number, ref: string): Promise<Row | undefined>
  markDeleted(tx: Transaction, tenantId: number, id: number): Promise<void>
  readonly list: List<Row>
}

const IS_ID = /^[0-9]{1,16}$/

export function versionedTable<Row extends VersionedRow, Fields extends object>(
  spec: VersionedSpec,
): VersionedTable<Row, Fields> {
  const { table } = spec
  const prefix = camelCase(table)
  const fields = Object.keys(spec.columns)
  const columns = fields.map(snakeCase)
  const values = (from: number) => fields.map((field, index) => placeholder(spec.columns[field]!, from + index))
  const valuesOf = (object: Fields) =>
    fields.map((field) => encode(spec.columns[field]!, (object as Record<string, unknown>)[field]))
  const read = ['id', ...fields, 'version', 'createdAt', 'updatedAt']
    .map((field) => `t.${snakeCase(field)} as "${field}"`)
    .join(', ')
  const selected = `${read}${spec.also ?? ''}`
  const live = `from ${table} t where t.tenant_id = $1 and t.deleted_at is null`
  const seen = spec.shared ? `from ${table} t where (t.tenant_id = $1 or t.shared) and t.deleted_at is null` : live
  const ownFirst = spec.shared ? ' order by t.shared limit 1' : ''

  const insert = sql(
    `${prefix}.insert`,
    `insert into ${table} as t (tenant_id, id, ${columns.join(', ')})
     values ($1, coalesce($2::bigint, nextval('carillon_id')), ${values(3).join(', ')}) returning ${selected}`,
  )
  const assignments = values(4).map((value, index) => `${columns[index]} = ${value}`)
  const update = sql(
    `${prefix}.update`,
    `update ${table} t set ${assignments.join(', ')}, version = t.version + 1, updated_at = statement_timestamp()
     where t.tenant_id = $1 and t.id = $2 and t.version = $3 and t.deleted_at is null returning ${selected}`,
  )
  const findById = sql(`${prefix}.findById`, `select ${selected} ${seen} and t.id = $2::bigint`)
  const findByCode = sql(`${prefix}.findByCode`, `select ${selected} ${seen} and t.code = $2${ownFirst}`)
  const findMany = sql(`${prefix}.findMany`, `select ${selected} ${seen} and t.id = any($2::bigint[]) order by t.id`)
  const lockById = sql(`${prefix}.lockById`, `select ${selected} ${live} and t.id = $2::bigint for no key update of t`)
  const lockByCode = sql(`${prefix}.lockByCode`, `select ${selected} ${live} and t.code = $2 for no key update of t`)
  const holdById = sql(`${prefix}.holdById`, `select ${selected} ${live} and t.id = $2::bigint for share of t`)
  const holdByCode = sql(`${prefix}.holdByCode`, `select ${selected} ${live} and t.code = $2 for share of t`)
  const markDeleted = sql(
    `${prefix}.markDeleted`,
    `update ${table} set deleted_at = statement_timestamp(), version = version + 1 where tenant_id = $1 and id = $2`,
  )
  const one = async (rows: Promise<Row[]>) => (await rows)[0]
  return {
    table,
    columns: fields,
    insert: async (tx, tenantId, object, id) => (await tx.query<Row>(insert, [tenantId, id ?? null, ...valuesOf(object)]))[0]!,
    update: (tx, tenantId, id, version, object) => one(tx.query<Row>(update, [tenantId, id, version, ...valuesOf(object)])),
    find: (tx, tenantId, ref) => one(tx.query<Row>(IS_ID.test(ref) ? findById : findByCode, [tenantId, ref])),
    findMany: (tx, tenantId, ids) => tx.query<Row>(findMany, [tenantId, ids]),
    lock: (tx, tenantId, ref) => one(tx.query<Row>(IS_ID.test(ref) ? lockById : lockByCode, [tenantId, ref])),
    hold: (tx, tenantId, ref) => one(tx.query<Row>(IS_ID.test(ref) ? holdById : holdByCode, [tenantId, ref])),
    markDeleted: async (tx, tenantId, id) => void (await tx.query(markDeleted, [tenantId, id])),
    list: listing<Row>({
      name: `${prefix}.list`,
      text: `select ${selected}${spec.list?.also ?? ''} ${seen}`,
      filters: {
        // No LIKE: nothing in what people type is a pattern.
        q: `(position(lower(?::text) in lower(t.code)) > 0 or position(lower(?::text) in lower(t.name)) > 0)`,
        label: labelCondition(table),
        ...spec.filters,
      },
      orders: {
        code: { by: 't.code', type: 'text', field: 'code' },
        '-id': { by: 't.id', type: 'bigint', descending: true, field: 'id' },
      },
    }),
  }
}

/** The object carries every one of the labels `key=value`. */
function labelCondition(kind: string): string {
  return `not exists (
    select from unnest(?::text[]) wanted where not exists (
      select from object_label l where l.tenant_id = t.tenant_id and l.object_kind = '${kind}' and l.object_id = t.id
        and l.key = split_part(wanted, '=', 1) and l.value = substr(wanted, strpos(wanted, '=') + 1)))`
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function placeholder(type: ColumnType, index: number): string {
  return type === 'instant' ? `at_ms($${index}::bigint)` : `$${index}::${type}`
}

/** The driver would turn an array into a PostgreSQL array: JSON is always handed over as text. */
function encode(type: ColumnType, value: unknown): unknown {
  if (value === undefined) throw new Error('A field was left out of a row that is written whole.')
  return type === 'jsonb' && value !== null ? JSON.stringify(value) : value
}
