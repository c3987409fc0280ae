import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

// One thing done to all nodes that match.

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.close())

let dags = 0
/** A run of a DAG whose nodes all wait for time. */
async function waitingRun(nodes: number): Promise<{ run: number; dag: string }> {
  const { client } = api.tenantA
  const dag = `waits-${++dags}`
  const definition = { nodes: Array.from({ length: nodes }, (_, n) => ({ code: `n${n}`, wait: { ms: 86_400_000 } })), edges: [] }
  await client.dags.create({ body: { code: dag } })
  await client.dagVersions.create({ params: { dag }, body: { definition } })
  await client.dagVersions.activate({ params: { dag, number: 1 }, body: {} })
  const { runId } = await client.runs.triggerDag({ params: { dag }, body: {} })
  return { run: runId, dag }
}
const bulk = () => api.tenantA.client.instanceBulk
const statesOf = async (run: number) =>
  (await api.tenantA.client.runs.get({ params: { run } })).instances.map(({ state }) => state).toSorted()

test('all nodes that match are shown, then cancelled, each with an audit entry of its own', async () => {
  const { dag } = await waitingRun(3)
  const other = await waitingRun(1)
  const cancel = { action: 'cancel', filter: { dag } } as const
  const preview = await bulk().preview({ body: cancel })
  expect(preview).toMatchObject({
    matches: { count: 3, more: false },
    others: { count: 0, more: false },
    states: [{ state: 'WAITING', count: 3 }],
  })
  expect(preview.sample).toHaveLength(3)
  const skipped = preview.sample.at(-1)!.id
  await api.tenantA.client.instances.skip({ params: { instance: skipped } })
  expect(await bulk().act({ body: { ...cancel, upTo: preview.upTo! } })).toMatchObject({
    succeeded: 2,
    failed: 0,
    nextCursor: null,
  })
  expect(await statesOf(other.run)).toEqual(['WAITING'])
  const { rows } = await api.root.query(`select object_id from audit where operation = 'instance.bulk'`)
  expect(rows).toHaveLength(2)
})

test('what cannot be done to one is said of that one', async () => {
  const { run, dag } = await waitingRun(2)
  const { instances } = await api.tenantA.client.runs.get({ params: { run } })
  await api.tenantA.client.instances.cancel({ params: { instance: instances[0]!.id } })
  const retry = { action: 'retry', filter: { dag } } as const
  const { upTo, matches, others, otherStates } = await bulk().preview({ body: retry })
  expect([matches.count, others.count, otherStates]).toEqual([1, 1, [{ state: 'WAITING', count: 1 }]])
  const first = await bulk().act({ body: { ...retry, upTo: upTo! } })
  expect(first).toMatchObject({ succeeded: 1, items: [{ instanceId: instances[0]!.id, newInstanceId: expect.any(Number) }] })
  const again = await bulk().act({ body: { ...retry, upTo: upTo! } })
  expect(again.succeeded).toBe(0)
})

test('what waits for time is run now', async () => {
  const { run } = await waitingRun(2)
  const body = { action: 'run', filter: { run } } as const
  const { upTo } = await bulk().preview({ body })
  expect((await bulk().act({ body: { ...body, upTo: upTo! } })).succeeded).toBe(2)
  expect(await statesOf(run)).toEqual(['SUCCESS', 'SUCCESS'])
})

test('nodes of another tenant do not match, and who may not is refused', async () => {
  const { run } = await waitingRun(1)
  const body = { action: 'cancel', filter: { run } } as const
  expect((await api.tenantB.client.instanceBulk.preview({ body })).upTo).toBeNull()
  expect((await api.tenantB.client.instanceBulk.act({ body: { ...body, upTo: Number.MAX_SAFE_INTEGER } })).items).toEqual([])
  const viewer = api.client(await api.token(api.tenantA.id, 'viewer')).instanceBulk
  expect((await refusal(viewer.act({ body: { ...body, upTo: 1 } }))).code).toBe('FORBIDDEN')
  expect(await statesOf(run)).toEqual(['WAITING'])
})
