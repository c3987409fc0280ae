import type { Assignment, ReportItem } from '@carillon/contract'
import { DEFAULT_RETRY } from '@carillon/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDag } from '../lifecycle/dag.test-helper.ts'
import { createWorld, failure, success, type World } from '../lifecycle/engine.test-helper.ts'
import { instancesOfRun, listInstances } from './instance-list.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

const ELEMENTS = 40
type Report = (assignment: Assignment, n: number) => ReportItem

async function runWith(report: Report) {
  const task = await world.task({ node: { retry: { ...DEFAULT_RETRY, maxRetries: 0 } } })
  const executor = await world.executor(task)
  const each = { code: 'each', task: 'work', forEach: { items: 'params.list' } }
  const dag = await createDag(world, task, { nodes: [each], edges: [] })
  const run = await dag.start({ params: { list: Array.from({ length: ELEMENTS }, (_, n) => n) } })
  await executor.report(...(await executor.claim(ELEMENTS)).map(report))
  return { run, task, read: () => world.db.read(task.tenantId, (tx) => instancesOfRun(tx, task.tenantId, run)) }
}

const packed = (n: number) => String(n % 10).repeat(250_000)
// Nothing that could be packed.
const loose = () => Array.from({ length: 200_000 }, () => String.fromCharCode(33 + Math.random() * 90)).join('')

test.each([
  ['written out', packed, 16],
  ['stored', loose, 5],
])('the outputs of a run are told up to a bound of what they are %s; each that is left out says so', async (_, output, told) => {
  const { read } = await runWith((assignment, n) => success(assignment, output(n)))
  const { instances, more } = await read()
  expect(more).toBe(false)
  expect(instances.map(({ output: each, outputLeftOut }) => [each === null, outputLeftOut])).toEqual(
    instances.map((_each, place) => [place >= told, place >= told]),
  )
  expect(instances.some(({ errorLeftOut }) => errorLeftOut)).toBe(false)
})

test.each([
  ['written out', packed, 16],
  ['stored', loose, 5],
])('so are their errors, by a bound of what they are %s', async (_, stack, told) => {
  const { read } = await runWith((assignment, n) => ({
    ...failure(assignment),
    error: { code: 'BROKEN', message: 'It broke.', stack: stack(n) },
  }))
  const { instances } = await read()
  expect(instances.map(({ error, errorLeftOut }) => [error === null, errorLeftOut])).toEqual(
    instances.map((_each, place) => [place >= told, place >= told]),
  )
})

test('of very many instances the first are told, and that there are others, which the list has', async () => {
  const { run, task, read } = await runWith((assignment) => success(assignment, 'short'))
  await world.sql(
    `insert into instance_history (tenant_id, id, run_id, plan_id, node, shard_index, shard_total, state, queue_id, sort_key, ended_at)
     select tenant_id, nextval('carillon_id'), run_id, plan_id, node, 100 + n, 20000, state, queue_id, sort_key, ended_at
     from (select * from instance_history where run_id = $1 order by id limit 1) one cross join generate_series(1, 10000) n`,
    run,
  )
  const { instances, more } = await read()
  expect([instances.length, more]).toEqual([10_000, true])
  const request = { order: '-id', limit: 500, filters: { run } }
  const page = await world.db.read(task.tenantId, (tx) => listInstances(tx, task.tenantId, request))
  expect(page.items.map(({ runId }) => runId)).toEqual(Array(500).fill(run))
  expect(page.nextCursor).not.toBeNull()
})
