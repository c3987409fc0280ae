import { Failure } from '../failure.ts'
import { textsOf } from './dump-file.ts'
import { readDump } from './read-dump.ts'
import { readMysql } from './read-mysql.ts'
import { SqlTextError } from './sql-text.ts'
import { NotXxlJob, readXxlTables, wantedOfXxl, type XxlDatabase } from './xxl-tables.ts'

export type Source = { readonly kind: 'DUMP'; readonly path: string } | { readonly kind: 'MYSQL'; readonly url: string }

export function mysqlUrl(text: string): string {
  if (URL.canParse(text) && /^(mysql|mariadb):$/.test(new URL(text).protocol)) return text
  throw new Failure(
    'USAGE',
    'What --mysql names is no address of a MySQL.',
    'It looks like mysql://user:password@127.0.0.1:3306/xxl_job.',
  )
}

/** Reads it whole; what is wrong with it is told with what to do about it. No text of it repeats the address, which holds a password. */
export async function readSource(source: Source): Promise<XxlDatabase> {
  try {
    return await readXxlTables(
      source.kind === 'DUMP' ? readDump(textsOf(source.path), wantedOfXxl) : readMysql(source.url, wantedOfXxl),
    )
  } catch (error) {
    throw failureOf(error, source)
  }
}

function failureOf(error: unknown, source: Source): unknown {
  const name = source.kind === 'DUMP' ? source.path : `The database ${new URL(source.url).pathname.slice(1)}`
  if (error instanceof NotXxlJob) return new Failure('USAGE', `${name} is no database of xxl-job: ${error.message}.`)
  if (error instanceof SqlTextError) return new Failure('USAGE', `${name} cannot be read: ${error.message}.`)
  const { code, message } = error as NodeJS.ErrnoException
  if (code?.startsWith('Z_')) return new Failure('USAGE', `${name} cannot be unpacked: ${message}.`)
  if (code?.startsWith('ER_')) return new Failure('REFUSED', `${name}: ${message}`, 'The user needs to SELECT, and nothing else.')
  return error
}
