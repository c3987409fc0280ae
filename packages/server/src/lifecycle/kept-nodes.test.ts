import { DEFAULT_RETRY } from '@carillon/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Transaction } from '../storage/database.ts'
import { retryRuns } from './control-runs.ts'
import { createDag, statesOf, workOff, type TestDag } from './dag.test-helper.ts'
import { createWorld, failure, success, type TestExecutor, type TestTask, type World } from './engine.test-helper.ts'

let world: World
let task: TestTask
let executor: TestExecutor
beforeAll(async () => {
  world = await createWorld()
  task = await world.task({ node: { retry: { ...DEFAULT_RETRY, maxRetries: 0 } } })
  executor = await world.executor(task)
})
afterAll(() => world.close())

/** A transaction that remembers the names of what it is asked. */
function watched(tx: Transaction, names: string[]): Transaction {
  return {
    ...tx,
    query: (statement, parameters) => (names.push(statement.name), tx.query(statement, parameters)),
    send: (statement, parameters) => (names.push(statement.name), tx.send(statement, parameters)),
  }
}

/** Three runs of which `b` failed, repeated from there together: the states of the new ones, and what was read of the old ones. */
async function repeatThree(dag: TestDag) {
  const runs = [await dag.start(), await dag.start(), await dag.start()]
  for (const run of runs)
    await workOff(world, executor, run, (_node, each) =>
      Object.hasOwn(each.params as object, 'fails') ? failure(each) : success(each, { rows: 3 }),
    )
  const names: string[] = []
  const results = await world.db.engine((tx) =>
    retryRuns(watched(tx, names), world.engine, task.tenantId, runs, 'ann', { from: 'FAILED' }),
  )
  const states = []
  for (const result of results) states.push(await statesOf(world, result.kind === 'DONE' ? result.newRunId! : 0))
  return { states, read: names.filter((name) => ['node.ended', 'node.outcomes', 'node.copy'].includes(name)) }
}

const nodes = [
  { code: 'a', task: 'work' },
  { code: 'b', task: 'work', params: { fails: true } },
]

test('runs that are repeated together take over what had succeeded in statements for all of them, without its outputs', async () => {
  const dag = await createDag(world, task, { nodes, edges: [{ from: 'a', to: 'b' }] })
  expect(await repeatThree(dag)).toEqual({
    states: Array(3).fill({ a: 'SUCCESS', b: 'PENDING' }),
    read: ['node.ended', 'node.copy'],
  })
  await workOff(world, executor, 0)
})

test('the outputs are read that a condition looks at', async () => {
  const dag = await createDag(world, task, { nodes, edges: [{ from: 'a', to: 'b', condition: 'output.rows > 2' }] })
  expect(await repeatThree(dag)).toEqual({
    states: Array(3).fill({ a: 'SUCCESS', b: 'PENDING' }),
    read: ['node.ended', 'node.outcomes', 'node.copy'],
  })
})
