import { createHash } from 'node:crypto'
import { CarillonError } from '@carillon/core'
import type { Transaction } from './database.ts'
import { sql, type Statement } from './sql.ts'

/**
 * A list with optional filters, in keyset pages. Each combination of filters that is used becomes a statement of its own: a plan that
 * had to serve `($1 is null or …)` could use none of the indexes.
 */
export interface ListSpec {
  /** Name of its statements: `task.list`. */
  readonly name: string
  /** From SELECT up to and including `where t.tenant_id = $1`; `$1` is the tenant. Or with `{where}` and `{page}` where these are to stand. */
  readonly text: string
  /** Filter → condition; `?` stands for its value. */
  readonly filters: Readonly<Record<string, string>>
  /** Order → what it goes by. */
  readonly orders: Readonly<Record<string, ListOrder>>
}

export interface ListOrder {
  /** Expression of the key, unique within the list. */
  readonly by: string
  /** `instant`: the key is epoch milliseconds. */
  readonly type: 'text' | 'bigint' | 'instant'
  readonly descending?: boolean
  /** The field of a row that holds the key. */
  readonly field: string
}

export interface ListRequest {
  readonly order: string
  readonly limit: number
  readonly cursor?: string | undefined
  readonly filters: Readonly<Record<string, unknown>>
}

export interface Page<Row> {
  readonly items: Row[]
  readonly nextCursor: string | null
}

export type List<Row> = (tx: Transaction, tenantId: number, request: ListRequest) => Promise<Page<Row>>

const specs: ListSpec[] = []

/** Each filter, order and following page of every list as SQL, for the test that prepares them all. */
export function everyListText(): { name: string; text: string }[] {
  return specs.flatMap((spec) => {
    const all = Object.keys(spec.filters)
    const uses = [[], ...all.map((filter) => [filter]), all]
    return Object.entries(spec.orders).flatMap(([name, order]) =>
      uses.flatMap((used) =>
        [false, true].map((paged) => ({
          name: `${spec.name} by ${name}: ${used.join(', ')}${paged ? ', next page' : ''}`,
          text: textOf(spec, order, used, paged),
        })),
      ),
    )
  })
}

export function listing<Row extends object>(spec: ListSpec): List<Row> {
  specs.push(spec)
  const statements = new Map<string, Statement>()
  return async (tx, tenantId, request) => {
    const order = spec.orders[request.order]
    if (!order) throw new Error(`${spec.name} has no order ${request.order}.`)
    const used = Object.keys(spec.filters).filter((name) => request.filters[name] !== undefined)
    const after = request.cursor === undefined ? null : keyOf(request.cursor, order)
    const variant = `${used.join(',')};${request.order}${after === null ? '' : ';after'}`
    const statement = statements.get(variant) ?? sql(nameOf(spec, variant), textOf(spec, order, used, after !== null))
    statements.set(variant, statement)
    const parameters = [
      tenantId,
      request.limit + 1,
      ...used.map((name) => request.filters[name]),
      ...(after === null ? [] : [after]),
    ]
    const rows = await tx.query<Row>(statement, parameters)
    return pageOf(rows, request.limit, order)
  }
}

/** PostgreSQL keeps 63 letters of a statement's name, so the variant stands in it as a number. */
function nameOf({ name }: ListSpec, variant: string): string {
  return `${name}#${createHash('sha256').update(variant).digest('hex').slice(0, 16)}`
}

function textOf(spec: ListSpec, order: ListOrder, used: readonly string[], paged: boolean): string {
  const conditions = used.map((name, index) => spec.filters[name]!.replaceAll('?', `$${index + 3}`))
  if (paged) conditions.push(`${order.by} ${order.descending ? '<' : '>'} ${keyPlaceholder(order, used.length + 3)}`)
  const where = conditions.map((condition) => ` and ${condition}`).join('')
  const tail = ` order by ${order.by}${order.descending ? ' desc' : ''} limit $2`
  // A union of two tables repeats conditions and page in both halves, so that each reads only one page of its own index.
  if (spec.text.includes('{where}')) return spec.text.replaceAll('{where}', () => where).replaceAll('{page}', () => tail)
  return `${spec.text}${where}${tail}`
}

function keyPlaceholder({ type }: ListOrder, index: number): string {
  return type === 'instant' ? `at_ms($${index}::bigint)` : `$${index}::${type}`
}

function pageOf<Row extends object>(rows: Row[], limit: number, order: ListOrder): Page<Row> {
  if (rows.length <= limit) return { items: rows, nextCursor: null }
  const items = rows.slice(0, limit)
  const last = items.at(-1) as Record<string, unknown>
  return { items, nextCursor: Buffer.from(JSON.stringify(last[order.field])).toString('base64url') }
}

function keyOf(cursor: string, order: ListOrder): string | number {
  const key = parse(Buffer.from(cursor, 'base64url').toString())
  if (order.type !== 'text' ? Number.isSafeInteger(key) : typeof key === 'string' && !key.includes('\0'))
    return key as string | number
  throw new CarillonError('VALIDATION_FAILED', 'The cursor is not one that this list answered.', {
    problems: [{ path: '/query/cursor', message: 'must be the `nextCursor` of the page before, in the same order' }],
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A row of the alias by what people name it: its identifier or its code, `?`. */
export function isNamed(alias: string): string {
  return `(${alias}.id = (case when ?::text ~ '^[0-9]{1,16}$' then ?::text::bigint end) or (${alias}.code = ?::text and ${alias}.deleted_at is null))`
}
