import type { DagCreate } from '@carillon/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { continueRuns } from '../../lifecycle/continue-runs.ts'
import { startTestApi, type TestApi } from '../api.test-helper.ts'
import { createDagWorld, type DagWorld } from './dag-runs.test-helper.ts'

// CON-1 for DAGs: a run counts as a whole, from its first node to its last.

let api: TestApi
let world: DagWorld
beforeAll(async () => {
  api = await startTestApi()
  world = await createDagWorld(api)
})
afterAll(() => api.close())

type Concurrency = NonNullable<NonNullable<DagCreate['policies']>['concurrency']>
const limited = (concurrency: Concurrency) => world.dag('a>b', { policies: { concurrency } })
const statesOf = async (runs: readonly number[]) => Promise.all(runs.map(async (run) => (await world.states(run))['a']))
const three = async (dag: string) => [await world.trigger(dag), await world.trigger(dag), await world.trigger(dag)]

/** Works off one node, whichever is ready. */
async function step(): Promise<void> {
  const [assignment] = await world.claim(1)
  await world.succeed(assignment!)
  await continueRuns(api.engine)
}

test('CON-1 PARALLEL with a limit lets so many runs of a DAG go on at once; the others wait in order', async () => {
  const runs = await three(await limited({ policy: 'PARALLEL', limit: 2 }))
  expect(await statesOf(runs)).toEqual(['PENDING', 'PENDING', 'WAITING SLOT'])
  await api.tenantA.client.runs.cancel({ params: { run: runs[0]! } })
  await continueRuns(api.engine)
  expect(await statesOf(runs)).toEqual(['CANCELLED', 'PENDING', 'PENDING'])
  await world.workOff()
})

test('CON-1 SEQUENTIAL runs a DAG one after the other, each to its last node', async () => {
  const runs = await three(await limited({ policy: 'SEQUENTIAL' }))
  expect(await statesOf(runs)).toEqual(['PENDING', 'WAITING SLOT', 'WAITING SLOT'])
  await step()
  expect(await statesOf(runs)).toEqual(['SUCCESS', 'WAITING SLOT', 'WAITING SLOT'])
  await step()
  expect(await statesOf(runs)).toEqual(['SUCCESS', 'PENDING', 'WAITING SLOT'])
  expect(await world.workOff()).toEqual(['a', 'b', 'a', 'b'])
})

test('CON-1 SINGLETON records a run of a DAG as SKIPPED while another is active, also while that is paused', async () => {
  const dag = await limited({ policy: 'SINGLETON' })
  const first = await world.trigger(dag)
  await api.tenantA.client.runs.pause({ params: { run: first } })
  const second = await world.trigger(dag)
  expect(await world.run(second)).toMatchObject({ state: 'SKIPPED', reason: `CONCURRENCY:${first}`, instances: [] })
  await api.tenantA.client.runs.resume({ params: { run: first } })
  expect(await world.workOff()).toEqual(['a', 'b'])
  expect((await world.run(await world.trigger(dag))).state).toBe('PENDING')
  await world.workOff()
})

test('CON-1 KEYED counts runs of a DAG by the value of its key, in their own parameters or in its defaults', async () => {
  const concurrency = { policy: 'KEYED', path: 'customer.id', each: 'SEQUENTIAL' } as const
  const definition = { nodes: [{ code: 'a', task: 'work' }], edges: [], params: { customer: { id: 1 } } }
  const dag = await world.dag(definition, { policies: { concurrency } })
  const of = (id: number) => world.trigger(dag, { params: { customer: { id } } })
  const runs = [await world.trigger(dag), await of(1), await of(2)]
  expect(await statesOf(runs)).toEqual(['PENDING', 'WAITING SLOT', 'PENDING'])
  await world.workOff()
  expect(await statesOf(runs)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS'])
})

test('CON-1 KEYED by SINGLETON skips a run of a DAG only while one with its key is active', async () => {
  const dag = await limited({ policy: 'KEYED', path: 'customer', each: 'SINGLETON' })
  const of = async (customer: string) => (await world.run(await world.trigger(dag, { params: { customer } }))).state
  expect([await of('ann'), await of('ann'), await of('ben')]).toEqual(['PENDING', 'SKIPPED', 'PENDING'])
  await world.workOff()
})

test('CON-1 REPLACE stops the active run of a DAG, and the new one follows when that has ended', async () => {
  const dag = await limited({ policy: 'REPLACE' })
  const first = await world.trigger(dag)
  const [held] = await world.claim(1)
  const second = await world.trigger(dag)
  expect(await statesOf([first, second])).toEqual(['RESERVED', 'WAITING SLOT'])
  await world.succeed(held!)
  expect(await world.run(first)).toMatchObject({ state: 'CANCELLED', reason: 'REPLACED' })
  expect(await world.workOff()).toEqual(['a', 'b'])
  expect((await world.run(second)).state).toBe('SUCCESS')
})

test('CON-1 KEYED by an expression counts by what it gives of the parameters and the planned time', async () => {
  const concurrency = { policy: 'KEYED', expression: '[params.region, params.tier]', each: 'SINGLETON' } as const
  const definition = { nodes: [{ code: 'a', task: 'work' }], edges: [], params: { tier: 1 } }
  const dag = await world.dag(definition, { policies: { concurrency } })
  const of = (params: Record<string, unknown>) => world.trigger(dag, { params })
  const runs = [await of({ region: 'eu' }), await of({ region: 'eu', tier: 2 }), await of({ region: 'eu', tier: 1 })]
  expect(await Promise.all(runs.map(async (run) => (await world.run(run)).state))).toEqual(['PENDING', 'PENDING', 'SKIPPED'])
  await world.workOff()
})

test('a run whose key cannot be computed is refused, and says why; with its concurrency bypassed it starts', async () => {
  const concurrency = { policy: 'KEYED', expression: 'params.region', each: 'SEQUENTIAL' } as const
  const dag = await limited(concurrency)
  await expect(world.trigger(dag)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    message: expect.stringMatching(/concurrency key of the DAG cannot be computed: "params.region": /),
  })
  await world.trigger(dag, { bypassConcurrency: true })
  await world.workOff()
})

test.each<[string, object, string, RegExp]>([
  ['neither path nor expression', {}, '', /either a path or an expression/],
  ['both', { path: 'a', expression: 'params.a' }, '', /and not both/],
  ['an expression that is none', { expression: 'params.' }, '/expression', /line 1, column/],
  [
    'what a run does not have yet',
    { expression: 'nodes.a.output' },
    '/expression',
    /There is no "nodes" here; there are params and run.fireAt/,
  ],
  ['the key itself', { expression: 'run.key' }, '/expression', /There is no "run.key" here/],
])('a key with %s is refused when it is written, for a DAG as for a task', async (_name, key, place, message) => {
  const policies = { concurrency: { policy: 'KEYED', each: 'SEQUENTIAL', ...key } } as DagCreate['policies']
  const problem = { problems: [{ path: `/body/policies/concurrency${place}`, message: expect.stringMatching(message) }] }
  const { client } = api.tenantA
  await expect(client.dags.create({ body: { code: 'keyed-badly', policies: policies! } })).rejects.toMatchObject(problem)
  await expect(
    client.tasks.update({ params: { task: 'work' }, body: { version: 1, policies: policies! } as never }),
  ).rejects.toMatchObject(problem)
})
