import pg from 'pg'
import { readDataset, type Day } from './dataset.ts'

/** The table of days. Its schema is its own, so it may share a database with anything. */
export interface WeatherStore {
  count(location: string): Promise<number>
  /** The days of a place in order, in batches. */
  days(location: string, batch: number): AsyncIterable<readonly Day[]>
  /** The days of a place from one date to another (`2012-01-31`), both included, in order. */
  daysBetween(location: string, first: string, last: string): Promise<readonly Day[]>
  close(): Promise<void>
}

const DAY_COLUMNS = `location, to_char(date, 'YYYY-MM-DD') as date, precipitation::float8 as precipitation,
  temp_max::float8 as "tempMax", temp_min::float8 as "tempMin", wind::float8 as wind, weather`

/** Opens the store at `url`, making database, table and rows where they are missing. */
export async function openWeatherStore(url: string): Promise<WeatherStore> {
  await ensureDatabase(url)
  const pool = new pg.Pool({ connectionString: url, max: 4, allowExitOnIdle: true, application_name: 'carillon examples' })
  // An idle connection may be lost at any time; the next query opens another or fails by itself.
  pool.on('error', () => undefined)
  await fill(pool)
  return {
    async count(location) {
      const { rows } = await pool.query<{ days: number }>(
        'select count(*)::int as days from example_weather.day where location = $1',
        [location],
      )
      return rows[0]!.days
    },
    async *days(location, batch) {
      for (let after = '-infinity'; ;) {
        const { rows } = await pool.query<Day>(
          `select ${DAY_COLUMNS} from example_weather.day where location = $1 and day.date > $2::date order by day.date limit $3`,
          [location, after, batch],
        )
        if (rows.length === 0) return
        yield rows
        after = rows.at(-1)!.date
      }
    },
    async daysBetween(location, first, last) {
      const { rows } = await pool.query<Day>(
        `select ${DAY_COLUMNS} from example_weather.day
         where location = $1 and day.date between $2::date and $3::date order by day.date`,
        [location, first, last],
      )
      return rows
    },
    close: () => pool.end(),
  }
}

/** The whole of the public data set in one transaction; rows that are there already stay as they are. */
async function fill(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    // Two executors may start at once, and "if not exists" alone does not keep them from colliding.
    await client.query(`select pg_advisory_xact_lock(hashtext('example_weather'))`)
    await client.query('create schema if not exists example_weather')
    await client.query(
      `create table if not exists example_weather.day (
         location text, date date, precipitation numeric not null, temp_max numeric not null, temp_min numeric not null,
         wind numeric not null, weather text not null, primary key (location, date))`,
    )
    const { rows } = await client.query<{ filled: boolean }>('select exists (select from example_weather.day) as filled')
    if (!rows[0]!.filled) await insert(client, readDataset())
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

async function insert(client: pg.ClientBase, days: readonly Day[]): Promise<void> {
  await client.query(
    `insert into example_weather.day (location, date, precipitation, temp_max, temp_min, wind, weather)
     select * from unnest($1::text[], $2::date[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::text[])`,
    [
      days.map((day) => day.location),
      days.map((day) => day.date),
      days.map((day) => day.precipitation),
      days.map((day) => day.tempMax),
      days.map((day) => day.tempMin),
      days.map((day) => day.wind),
      days.map((day) => day.weather),
    ],
  )
}

const UNKNOWN_DATABASE = '3D000'
const EXISTS = '42P04'

/** Makes the database that `url` names if the server has none of this name. */
async function ensureDatabase(url: string): Promise<void> {
  const name = await missingDatabase(url)
  if (name === null) return
  const client = new pg.Client({ connectionString: url.replace(/^(\w+:\/\/[^/]*)\/[^?]*/, '$1/postgres') })
  await client.connect()
  try {
    await client.query(`create database ${pg.escapeIdentifier(name)}`)
  } catch (error) {
    if ((error as pg.DatabaseError).code !== EXISTS) throw error
  } finally {
    await client.end()
  }
}

async function missingDatabase(url: string): Promise<string | null> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    await client.end()
    return null
  } catch (error) {
    if ((error as pg.DatabaseError).code === UNKNOWN_DATABASE) return client.database ?? null
    throw error
  }
}
