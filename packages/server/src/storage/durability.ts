import type pg from 'pg'

export interface DurabilityOptions {
  /** Accepts settings that may lose acknowledged work, for throw-away databases. */
  allowUnsafeDurability?: boolean
}

export interface ServerSettings {
  /** The major version. */
  version: number
  standby: boolean
  fsync: string
  full_page_writes: string
  synchronous_commit: string
}

const durableSettings = ['fsync', 'full_page_writes', 'synchronous_commit'] as const

const oldestVersion = 15

/**
 * Refuses a server on which an acknowledged commit could be lost (a 2xx answer survives kill -9 and power cuts), a standby, and a
 * PostgreSQL older than 15.
 *
 * Returns the names of the settings that `allowUnsafeDurability` made it accept, for the console to show; normally none.
 */
export async function assertDurable(client: pg.ClientBase, options: DurabilityOptions = {}): Promise<string[]> {
  const { rows } = await client.query<ServerSettings>(
    `SELECT current_setting('server_version_num')::int / 10000 AS version, pg_is_in_recovery() AS standby, current_setting('fsync') AS fsync,
            current_setting('full_page_writes') AS full_page_writes, current_setting('synchronous_commit') AS synchronous_commit`,
  )
  return judgeServer(rows[0]!, options)
}

export function judgeServer(settings: ServerSettings, { allowUnsafeDurability = false }: DurabilityOptions = {}): string[] {
  if (settings.version < oldestVersion)
    throw new Error(`The database runs PostgreSQL ${settings.version}; Carillon needs ${oldestVersion} or newer.`)
  if (settings.standby)
    throw new Error(
      'The database is a standby, which accepts no writes. Point DATABASE_URL at the primary (target_session_attrs=read-write).',
    )
  const unsafe = durableSettings.filter((name) => settings[name] === 'off')
  if (unsafe.length > 0 && !allowUnsafeDurability)
    throw new Error(
      `The database has ${unsafe.map((name) => `${name} = off`).join(', ')}: a crash would lose work that Carillon has acknowledged. ` +
        `Turn ${unsafe.length > 1 ? 'them' : 'it'} on, or, for a database you can afford to lose, set CARILLON_ALLOW_UNSAFE_DURABILITY=true.`,
    )
  return unsafe
}
