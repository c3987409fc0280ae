import {
  FINAL_INSTANCE_STATES,
  FINAL_RUN_STATES,
  INSTANCE_STATES,
  RUN_ORIGINS,
  RUN_STATES,
  STOP_REASONS,
  WAIT_REASONS,
} from '@carillon/core'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { HISTORY_TABLES } from './history-day.ts'

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

const column = async (text: string) => (await client.query({ text, rowMode: 'array' })).rows.map((row) => row[0] as string)

/** The words that a CHECK allows for a column that is compared with a list. */
async function allowed(table: string, name: string): Promise<string[]> {
  const [text] = await column(
    `select pg_get_constraintdef(oid) from pg_constraint where conrelid = '${table}'::regclass and contype = 'c'
     and pg_get_constraintdef(oid) like 'CHECK ((${name} = ANY (ARRAY[%'`,
  )
  return [...text!.matchAll(/'(\w+)'::text/g)].map((match) => match[1]!)
}

describe('the schema and the tables of states in the code say the same', () => {
  test.each([
    ['run_live', 'state', RUN_STATES],
    ['run_live', 'origin', RUN_ORIGINS],
    ['instance_live', 'state', INSTANCE_STATES],
    ['instance_live', 'wait_reason', WAIT_REASONS],
    ['instance_live', 'stop_reason', STOP_REASONS],
    ['attempt', 'outcome', FINAL_INSTANCE_STATES],
  ])('%s.%s', async (table, name, words) => {
    expect((await allowed(table, name)).sort()).toEqual([...words].sort())
  })

  test('a run has ended exactly when its state is final', async () => {
    const [text] = await column(
      `select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'run_live'::regclass and pg_get_constraintdef(oid) like '%ended_at IS NOT NULL%'`,
    )
    expect([...text!.matchAll(/'(\w+)'::text/g)].map((match) => match[1])).toEqual(expect.arrayContaining([...FINAL_RUN_STATES]))
  })

  test('the tables of history are those that days are opened for', async () => {
    expect(await column(`select unnest(history_tables())`)).toEqual([...HISTORY_TABLES])
    expect((await column(`select relname from pg_class where relkind = 'p'`)).sort()).toEqual([...HISTORY_TABLES].sort())
  })
})

test('history takes over what the live tables have checked: neither it nor any piece of it pays for the same checks again', async () => {
  const history = await column(
    `select distinct c.conname from pg_constraint c left join pg_inherits i on i.inhrelid = c.conrelid
     where c.contype = 'c' and coalesce(i.inhparent, c.conrelid) in ('run_history'::regclass, 'instance_history'::regclass) order by 1`,
  )
  expect(history).toEqual(['instance_history_ended_at_check', 'run_history_ended_at_check'])
})

describe('row-level security', () => {
  test('INV-16 every table that carries a tenant has it forced, with a policy for each role', async () => {
    const naked = await column(
      `select c.relname from pg_class c
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
         and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')
         and not (c.relrowsecurity and c.relforcerowsecurity
                  and exists (select from pg_policies p where p.tablename = c.relname and 'carillon_api' = any (p.roles))
                  and exists (select from pg_policies p where p.tablename = c.relname and 'carillon_engine' = any (p.roles)))`,
    )
    expect(naked).toEqual([])
  })

  test('INV-16 neither role owns a table, is a superuser, or passes row-level security by', async () => {
    expect(await column(`select rolname from pg_roles where rolname like 'carillon_%' and (rolsuper or rolbypassrls)`)).toEqual(
      [],
    )
    expect(
      await column(
        `select relname from pg_class where relowner in (select oid from pg_roles where rolname in ('carillon_api', 'carillon_engine'))`,
      ),
    ).toEqual([])
  })

  test('INV-16 a transaction that forgot its tenant gets an error, not everything', async () => {
    await client.query('begin')
    await client.query('set local role carillon_api')
    await expect(client.query('select * from app')).rejects.toThrow('app.tenant')
    await client.query('rollback')
  })

  test('INV-16 the foreign keys between tables of a tenant carry the tenant', async () => {
    const bare = await column(
      `select conrelid::regclass || ' → ' || confrelid::regclass from pg_constraint
       where contype = 'f' and confrelid <> 'tenant'::regclass and confrelid <> 'user_account'::regclass and array_length(conkey, 1) < 2`,
    )
    expect(bare).toEqual([])
  })

  test('INV-18 audit rows and revisions can be neither changed, deleted nor truncated, by anyone', async () => {
    await client.query(`insert into audit (tenant_id, principal, operation, object_kind) values (1, 'x', 'x', 'x')`)
    for (const statement of [`update audit set principal = 'y'`, `delete from audit`, `truncate audit`]) {
      await expect(client.query(statement)).rejects.toThrow('append-only')
    }
  })
})
