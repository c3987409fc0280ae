/** A database, as the secret that holds it says. */
export interface DataSource {
  readonly dialect: 'postgres' | 'mysql'
  readonly url: string
}

/** Never tells what the secret holds. */
export class DataSourceInvalid extends Error {
  override readonly name = 'DataSourceInvalid'
  readonly code = 'SQL_SOURCE'
  readonly retriable = false
}

const DIALECTS: Readonly<Record<string, DataSource['dialect']>> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
}

/**
 * Reads a data source: a URL, or a JSON object with `url`, or with `type`, `host`, `port`, `user`, `password`, `database`.
 *
 * @example dataSourceOf('postgres://app:secret@db.internal:5432/shop').dialect // 'postgres'
 */
export function dataSourceOf(text: string): DataSource {
  const trimmed = text.trim()
  const url = trimmed.startsWith('{') ? urlOf(parse(trimmed)) : trimmed
  // Not parsed as a URL: those of PostgreSQL may leave out the host, or name a socket.
  const protocol = /^([a-z]+:)\/\//.exec(url)?.[1]
  if (protocol === undefined) throw invalid('is neither a URL nor a JSON object')
  const dialect = DIALECTS[protocol]
  if (!dialect) throw invalid(`begins with ${protocol}; it should be postgres: or mysql:`)
  return { dialect, url: dialect === 'mysql' ? url.replace(/^mariadb:/, 'mysql:') : url }
}

function invalid(what: string): DataSourceInvalid {
  return new DataSourceInvalid(
    `The data source ${what}. A secret holds it as postgres://user:password@host:5432/database, or mysql://…`,
  )
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch {
    throw invalid('is not JSON')
  }
}

function urlOf(source: Readonly<Record<string, unknown>>): string {
  if (typeof source['url'] === 'string') return source['url']
  const { type = 'postgres', host = 'localhost', port, user = '', password = '', database = '' } = source
  const [name, key, path] = [user, password, database].map((part) => encodeURIComponent(String(part)))
  return `${String(type)}://${name}:${key}@${String(host)}${port === undefined ? '' : `:${String(port)}`}/${path}`
}
