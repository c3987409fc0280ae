import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApi, type TestApi } from '../api.test-helper.ts'
import { createDagWorld, type DagWorld } from './dag-runs.test-helper.ts'

// TSK-6 for DAGs: each item is answered by itself.

let api: TestApi
let world: DagWorld
beforeAll(async () => {
  api = await startTestApi()
  world = await createDagWorld(api)
})
afterAll(() => api.close())

const client = () => api.tenantA.client
const audits = async () => (await api.root.query('select from audit')).rowCount!

describe('many triggers in one request', () => {
  test('name tasks and DAGs, by code or identifier; a DAG with version and key; each is answered by itself', async () => {
    const dag = await world.dag({ nodes: [{ code: 'a', task: 'work' }], edges: [], paramsSchema: typed, params: { n: 1 } })
    const number = await world.version(dag, 'a>b')
    await client().dagVersions.activate({ params: { dag, number }, body: {} })
    const { id } = await client().dags.get({ params: { dag } })
    const before = await audits()
    const items = [
      { dag },
      { dag: id, version: 1, params: { n: 2 } },
      { task: 'work' },
      { dag, version: 1, params: { n: 'two' } },
      { dag, version: 9 },
      { dag: 'nothing' },
      { dag, task: 'work' },
      {},
      { task: 'work', key: 'k' },
      { dag, key: 'k', idempotencyKey: 'once' },
    ]
    const answer = await client().runs.triggerMany({ body: { items } })
    expect(answer.items.map(({ ok, code }) => code ?? ok)).toEqual([
      ...[true, true, true, 'VALIDATION_FAILED', 'NOT_FOUND', 'NOT_FOUND'],
      ...['VALIDATION_FAILED', 'VALIDATION_FAILED', 'VALIDATION_FAILED', true],
    ])
    expect(answer.items.flatMap(({ problems = [] }) => problems.map(({ path }) => path))).toEqual([
      ...['/body/items/3/params/n', '/body/items/6', '/body/items/7', '/body/items/8/key'],
    ])
    expect(answer.items.map(({ task, dag: named }) => task ?? named).slice(0, 3)).toEqual([dag, String(id), 'work'])
    expect([answer.succeeded, answer.failed]).toEqual([4, 6])
    expect(await audits()).toBe(before + 1)
    expect((await world.run(answer.items[0]!.runId!)).dag).toMatchObject({ code: dag, version: 2 })
    expect(await world.run(answer.items[1]!.runId!)).toMatchObject({ kind: 'DAG', dag: { version: 1 }, params: { n: 2 } })
    expect((await world.run(answer.items[2]!.runId!)).kind).toBe('TASK')
    const again = await client().runs.triggerMany({ body: { items: [{ dag, key: 'k', idempotencyKey: 'once' }] } })
    expect(again.items).toMatchObject([{ dag, ok: true, replayed: true, runId: answer.items[9]!.runId }])
    await world.workOff()
  })

  test('refuse a DAG that the role may not run, that is paused or has no active version, and no other', async () => {
    const [closed, paused, open] = [await world.dag('a', { runnableBy: ['admin'] }), await world.dag('a'), await world.dag('a')]
    await client().dags.create({ body: { code: 'empty' } })
    await client().dags.pauseMany({ body: { dags: [paused] } })
    const operator = api.client(await api.token(api.tenantA.id, 'operator'))
    const items = [closed, paused, 'empty', open].map((dag) => ({ dag }))
    const answer = await operator.runs.triggerMany({ body: { items } })
    expect(answer.items.map(({ ok, code }) => code ?? ok)).toEqual(['FORBIDDEN', 'STATE_CONFLICT', 'STATE_CONFLICT', true])
    await world.workOff()
  })

  test('look the DAGs up together: twenty cost no more statements than one', async () => {
    const dags = await Promise.all(Array.from({ length: 20 }, () => world.dag('a')))
    const statements = async (items: { dag: string }[]) => {
      const asked: string[] = []
      const peek = api.db.peek.bind(api.db)
      api.db.peek = (tenantId, work) =>
        peek(tenantId, (tx) => {
          const counted = Object.create(tx) as typeof tx
          counted.query = (statement, values) => (asked.push(statement.name), tx.query(statement, values))
          return work(counted)
        })
      await client().runs.triggerMany({ body: { items } })
      api.db.peek = peek
      return asked
    }
    await statements(dags.map((dag) => ({ dag })))
    const [one, many] = [await statements([{ dag: dags[0]! }]), await statements(dags.map((dag) => ({ dag })))]
    expect(one).toContain('dag.triggerable')
    expect(many).toEqual(one)
    await world.workOff()
  })

  const typed = { type: 'object', properties: { n: { type: 'integer' } } }
})

describe('many DAGs', () => {
  test('are paused and resumed, each answered by itself', async () => {
    const dags = [await world.dag('a'), 'nothing', await world.dag('a')]
    const before = await audits()
    const paused = await client().dags.pauseMany({ body: { dags, reason: 'moving house' } })
    expect(paused.items.map(({ ref, ok, code }) => [ref, code ?? ok])).toEqual([
      [dags[0], true],
      ['nothing', 'NOT_FOUND'],
      [dags[2], true],
    ])
    expect(await client().dags.get({ params: { dag: dags[2]! } })).toMatchObject({ paused: true, pauseReason: 'moving house' })
    await client().dags.resumeMany({ body: { dags } })
    expect(await client().dags.get({ params: { dag: dags[0]! } })).toMatchObject({ paused: false, pauseReason: null })
    expect(await audits()).toBe(before + 2)
  })

  test('are stopped and their failed runs repeated, each DAG and each run answered by itself', async () => {
    const since = Date.now() - 60_000
    const [first, second, bystander] = [await world.dag('a>b'), await world.dag('a>b'), await world.dag('a')]
    const dags = [first, 'nothing', second]
    const failed = [await world.trigger(first), await world.trigger(second)]
    await world.workOff(['b'])
    const again = await client().runs.retryDags({ body: { dags, since } })
    expect(again).toMatchObject({ succeeded: 2, failed: 1, more: false })
    expect(again.items.map(({ dag, ok, code, runs }) => [dag, code ?? ok, runs.map(({ runId }) => runId)])).toEqual([
      [first, true, [failed[0]]],
      ['nothing', 'NOT_FOUND', []],
      [second, true, [failed[1]]],
    ])
    const left = await world.trigger(bystander)
    const stopped = await client().runs.stopDags({ body: { dags } })
    const repeated = again.items.flatMap(({ runs }) => runs.map(({ newRunId }) => newRunId))
    expect(stopped.items.flatMap(({ runs }) => runs)).toEqual(repeated.map((runId) => ({ runId, ok: true })))
    expect((await world.run(repeated[1]!)).state).toBe('CANCELLED')
    expect(await world.workOff()).toEqual(['a'])
    expect((await world.run(left)).state).toBe('SUCCESS')
    expect((await client().runs.retryDags({ body: { dags, since } })).items.flatMap(({ runs }) => runs)).toEqual([])
  })

  test('have each failed run repeated once, also when two ask at once', async () => {
    const since = Date.now() - 60_000
    const dag = await world.dag('a')
    const failed = [await world.trigger(dag), await world.trigger(dag), await world.trigger(dag)]
    await world.workOff(['a'])
    for (const from of ['FAILED', 'START'] as const) {
      const ask = () => client().runs.retryDags({ body: { dags: [dag], since, from } })
      const runs = (await Promise.all([ask(), ask(), ask()])).flatMap(({ items }) => items[0]!.runs)
      expect(runs.filter(({ ok }) => ok).map(({ runId }) => runId)).toEqual(failed)
      for (const { detail } of runs.filter(({ ok }) => !ok)) expect(detail).toMatch(/run again already, as run \d+/)
      failed.splice(0, 3, ...runs.flatMap(({ newRunId }) => newRunId ?? []))
      await world.workOff(['a'])
    }
  })

  test('are stopped without those of their runs that are being stopped already, for whatever reason', async () => {
    const dag = await world.dag('a', { policies: { concurrency: { policy: 'REPLACE' } } })
    const replaced = await world.trigger(dag)
    const [held] = await world.claim()
    const newer = await world.trigger(dag)
    const stop = async () => (await client().runs.stopDags({ body: { dags: [dag] } })).items.flatMap(({ runs }) => runs)
    expect((await world.run(replaced)).reason).toBe('REPLACED')
    expect(await stop()).toEqual([{ runId: newer, ok: true }])
    expect(await stop()).toEqual([])
    await world.succeed(held!)
    expect((await world.run(replaced)).state).toBe('CANCELLED')
  })
})
