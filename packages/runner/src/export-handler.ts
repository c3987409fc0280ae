import { defineHandler, type Handler } from '@carillon/executor'
import { dataSourceOf } from './data-source.ts'
import { withSession, type Row } from './database-session.ts'
import { fileOf, writeWhole } from './files.ts'
import { bindParameters } from './sql-parameters.ts'

export interface ExportParams {
  readonly source: string
  readonly statement: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly file: string
  readonly format?: 'csv' | 'jsonl'
}

const BATCH = 1_000

/** Writes the rows of a query into a file, as they come. */
export function createExportHandler({ files }: { readonly files?: string | undefined }): Handler {
  return defineHandler({
    name: 'export',
    run: async ({ params, tenant, signal, log, progress }): Promise<{ file: string; rows: number; bytes: number }> => {
      const { source, statement, params: given = {}, file, format = 'csv' } = params as ExportParams
      const path = fileOf(files, tenant, file)
      const { text, values } = bindParameters(statement, given, dataSourceOf(source).dialect)
      let rows = 0
      const bytes = await writeWhole(path, (out) =>
        withSession(source, signal, async ({ batches }) => {
          for await (const batch of batches(text, values, BATCH)) {
            signal.throwIfAborted()
            if (format === 'csv' && rows === 0) await out.write(line(Object.keys(batch[0]!)))
            await out.write(
              batch.map((row) => (format === 'csv' ? line(Object.values(row)) : `${JSON.stringify(plainRow(row))}\n`)).join(''),
            )
            rows += batch.length
            progress(0, `${rows} rows`)
          }
        }),
      )
      progress(100, `${rows} rows`)
      log.info(`Wrote ${rows} rows into ${file}`)
      return { file, rows, bytes }
    },
  })
}

/** RFC 4180. */
function line(values: readonly unknown[]): string {
  return `${values.map((value) => cell(plain(value))).join(',')}\r\n`
}

function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const plain = (value: unknown) => (Buffer.isBuffer(value) ? value.toString('base64') : value)

function plainRow(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))
}
