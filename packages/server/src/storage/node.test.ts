import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { openDatabase, type Database } from './database.ts'
import './node-again.ts'
import { MOST_OUTPUT_BYTES } from './node.ts'
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

const sql = <Row>(text: string, values: unknown[] = []) => db.engine((tx) => tx.query<Row>({ name: '', text }, values))

interface PlanNode {
  readonly 'Relation Name'?: string
  readonly 'Actual Loops': number
  readonly Plans?: readonly PlanNode[]
}

/** The tables that a plan has read. */
function tablesRead(plan: PlanNode): string[] {
  const own = plan['Relation Name'] !== undefined && plan['Actual Loops'] > 0 ? [plan['Relation Name']] : []
  return [...own, ...(plan.Plans ?? []).flatMap(tablesRead)]
}

test.each([
  ['node.outcomes', (run: number) => [[1], [run], [0], [true], MOST_OUTPUT_BYTES]],
  ['node.ended', (run: number) => [[1], [run]]],
  ['node.unsuccessful', (run: number) => [[1], [run]]],
  ['nodeAgain.standings', (run: number) => [1, run]],
])('%s reads no day of history before that of the run', async (name, valuesOf) => {
  for (const day of ['2020-01-01', '2020-01-02', '2020-01-03']) await sql(`select open_day('instance_history', $1::date)`, [day])
  const [run] = await sql<{ id: number }>(`select nextval('carillon_id') as id`)
  const { text } = allStatements().find((statement) => statement.name === name)!
  const [row] = await sql<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(`explain (analyze, format json) ${text}`, valuesOf(run!.id))
  const tables = tablesRead(row!['QUERY PLAN'][0].Plan)
  expect(tables.filter((table) => table.startsWith('instance_history')).length).toBeGreaterThan(0)
  expect(tables.filter((table) => table.startsWith('instance_history_2020'))).toEqual([])
})
