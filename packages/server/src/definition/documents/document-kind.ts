import type { DefinitionDocument } from '@carillon/contract'
import type { Transaction } from '../../storage/database.ts'
import type { VersionedRow, VersionedTable } from '../../storage/versioned-table.ts'
import type { ScheduleEdit } from '../settle-overdue.ts'
import { differences } from './differences.ts'

/** Of one kind of document: how its object is read as a document, and how a document becomes its object. */
export interface DocumentSpec<Document extends DefinitionDocument, Row extends VersionedRow, Fields> {
  readonly kind: Document['kind']
  readonly table: VersionedTable<Row, Fields>
  /** Filters of the table for what can be exported. */
  readonly exported?: Readonly<Record<string, unknown>>
  /** What a document means that does not say it. */
  defaults(code: string): Partial<Document>
  /** Switches that people turn while things run: where a document is silent, they stay. */
  readonly switches: readonly (keyof Document)[]
  /** Rows as documents that leave nothing out. */
  documentsOf(tx: Transaction, tenantId: number, rows: readonly Row[]): Promise<Document[]>
  /** What depends on how the object is now, beyond the switches. */
  settle?(wanted: Document, before: Document | null): Document
  create(edit: ScheduleEdit, wanted: Document): Promise<unknown>
  update(edit: ScheduleEdit, row: Row, wanted: Document, before: Document): Promise<unknown>
}

/** As others see it: rows stay inside. */
export interface DocumentKind {
  /** The object of a document as it is now, `null` where there is none. */
  find(edit: ScheduleEdit, code: string): Promise<Present | null>
  /** The document with everything it leaves out. */
  complete(document: DefinitionDocument, before: DefinitionDocument | null): DefinitionDocument
  create(edit: ScheduleEdit, wanted: DefinitionDocument): Promise<unknown>
  list(
    tx: Transaction,
    tenantId: number,
    request: PageRequest,
  ): Promise<{ items: DefinitionDocument[]; nextCursor: string | null }>
}

interface Present {
  readonly document: DefinitionDocument
  update(wanted: DefinitionDocument): Promise<unknown>
}

interface PageRequest {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly code?: string | undefined
}

export function documentKind<Document extends DefinitionDocument, Row extends VersionedRow, Fields>(
  spec: DocumentSpec<Document, Row, Fields>,
): DocumentKind {
  const { table } = spec
  const concise = (document: Document) => withoutDefaults(document, spec.defaults(document.code))
  return {
    async find(edit, code) {
      const row = await table.find(edit.tx, edit.tenantId, code)
      if (!row) return null
      const [document] = await spec.documentsOf(edit.tx, edit.tenantId, [row])
      return { document: document!, update: (wanted) => spec.update(edit, row, wanted as Document, document!) }
    },
    complete(given, kept) {
      const [document, before] = [given as Document, kept as Document | null]
      const switches = before ? Object.fromEntries(spec.switches.map((name) => [name, before[name]])) : {}
      const wanted = { ...spec.defaults(document.code), ...switches, ...document }
      return spec.settle ? spec.settle(wanted, before) : wanted
    },
    create: (edit, wanted) => spec.create(edit, wanted as Document),
    async list(tx, tenantId, { limit, cursor, code }) {
      if (code !== undefined) {
        const row = await table.find(tx, tenantId, code)
        const items = await spec.documentsOf(tx, tenantId, row ? [row] : [])
        return { items: items.map(concise), nextCursor: null }
      }
      const page = await table.list(tx, tenantId, { order: 'code', limit, cursor, filters: spec.exported ?? {} })
      return { items: (await spec.documentsOf(tx, tenantId, page.items)).map(concise), nextCursor: page.nextCursor }
    },
  }
}

function withoutDefaults<Document extends object>(document: Document, defaults: Partial<Document>): Document {
  const said = Object.entries(document).filter(
    ([key, value]) => differences((defaults as Record<string, unknown>)[key], value).length > 0,
  )
  return Object.fromEntries(said) as Document
}

/** Policies as an update takes them where a document says all of them: what it leaves out goes back to what is inherited. */
export function wholePolicies<Policies extends object>(before: Policies, wanted: Policies | undefined) {
  const cleared = Object.fromEntries(Object.keys(before).map((name) => [name, null]))
  return { ...cleared, ...wanted } as { [Name in keyof Policies]?: Policies[Name] | null }
}
