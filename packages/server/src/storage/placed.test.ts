import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { openDatabase, type Database } from './database.ts'
import './instance.ts'
import './run.ts'
import './schedule-due.ts'
import { allStatements } from './sql.ts'

let database: TestDatabase
let db: Database
beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

const byPlace = allStatements().filter(({ text }) => text.includes('.ctid = '))

/** The plan for any parameters, as the engine's connections make it. */
function planOf(text: string): Promise<string> {
  return db.engine(async (tx) => {
    const rows = await tx.query<{ 'QUERY PLAN': string }>({ name: '', text: `explain (generic_plan, costs off) ${text}` })
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  })
}

async function expectPlansByPlace(): Promise<void> {
  for (const { name, text } of byPlace) {
    const plan = await planOf(text)
    expect(plan, name).toContain('Tid Scan')
    expect(plan, name).not.toMatch(/(Seq Scan|Bitmap Heap Scan) on (instance_live|run_live|schedule_due)|Hash Join|Merge Join/)
    expect(plan, name).not.toContain('run_live_target')
  }
}

async function owner(statements: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    for (const statement of statements.split(';')) await client.query(statement)
  } finally {
    await client.end()
  }
}

test('what changes live rows finds them by their place while the tables are empty and nothing is known of them', async () => {
  expect(byPlace.length).toBeGreaterThan(8)
  await expectPlansByPlace()
})

test('… and when the statistics say that the tables are empty', async () => {
  await owner('vacuum analyze instance_live; vacuum analyze run_live; vacuum analyze schedule_due')
  await expectPlansByPlace()
})

test('… and when few of many rows are pending', async () => {
  await owner(`insert into instance_live (tenant_id, run_id, plan_id, state, queue_id, sort_key, ended_at)
      select 1, n, 1, case when n % 1000 = 0 then 'PENDING' else 'SUCCESS' end, 1, n, case when n % 1000 = 0 then null else statement_timestamp() end
      from generate_series(1, 20000) n; vacuum analyze instance_live`)
  await expectPlansByPlace()
})
