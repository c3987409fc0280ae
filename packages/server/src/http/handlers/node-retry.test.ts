import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { continueRuns } from '../../lifecycle/continue-runs.ts'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'
import { createDagWorld, type DagWorld } from './dag-runs.test-helper.ts'

// RUN-4: a node of a run that is still live runs again, or now. The rows of docs/concepts/dag-control.md.

let api: TestApi
let world: DagWorld
beforeAll(async () => {
  api = await startTestApi()
  world = await createDagWorld(api)
})
afterAll(() => api.close())

const retry = (instance: number, body: { params?: Record<string, unknown> } = {}, client = api.tenantA.client) =>
  client.instances.retry({ params: { instance }, body })
async function retryNode(run: number, code: string, body: { params?: Record<string, unknown> } = {}): Promise<number> {
  return (await retry((await world.node(run, code)).id, body)).newInstanceId!
}
const resting = { code: 'rest', approval: {} }
const works = (...codes: string[]) => codes.map((code) => ({ code, task: 'work' }))
/** Ends what keeps a run alive. */
async function endRest(run: number): Promise<void> {
  await api.tenantA.client.instances.approve({ params: { instance: (await world.node(run, 'rest')).id }, body: {} })
}

describe('a failed node, run again in its run', () => {
  test('is a new instance; what was skipped because of it waits again, and the run ends as if it had succeeded at once', async () => {
    const dag = await world.dag({
      nodes: [...works('a', 'b', 'c', 'd'), resting],
      edges: [['a', 'b'], ['b', 'c'], ['b', 'd'], ['c', 'd']].map(([from, to]) => ({ from: from!, to: to! })), // prettier-ignore
    })
    const run = await world.trigger(dag)
    expect(await world.workOff(['b'])).toEqual(['a', 'b'])
    expect(await world.states(run)).toMatchObject({ b: 'FAILED', c: 'SKIPPED', d: 'SKIPPED' })
    const failed = await world.node(run, 'b')
    const id = await retryNode(run, 'b')
    expect(id).not.toBe(failed.id)
    expect(await world.states(run)).toMatchObject({ b: 'PENDING', c: 'WAITING DEPENDENCY', d: 'WAITING DEPENDENCY' })
    expect(await world.workOff()).toEqual(['b', 'c', 'd'])
    await endRest(run)
    expect((await world.run(run)).state).toBe('SUCCESS')
    const { instances } = await world.run(run)
    expect(instances.filter((each) => each.nodeCode === 'b').map(({ state }) => state)).toEqual(['FAILED', 'SUCCESS'])
  })

  test('keeps for what waits again what its other parents had passed on', async () => {
    const dag = await world.dag({
      nodes: [...works('a', 'b', 'c'), resting],
      edges: ['a', 'b'].map((from) => ({ from, to: 'c' })),
    })
    const run = await world.trigger(dag)
    await world.workOff(['b'])
    await retryNode(run, 'b')
    expect(await world.workOff()).toEqual(['b', 'c'])
    await endRest(run)
    expect((await world.run(run)).state).toBe('SUCCESS')
  })

  test('that fails again skips again what is behind it, and can be retried again', async () => {
    const run = await world.trigger(await world.dag({ nodes: [...works('a', 'b'), resting], edges: [{ from: 'a', to: 'b' }] }))
    await world.workOff(['a'])
    const first = (await world.node(run, 'a')).id
    await retryNode(run, 'a')
    expect((await refusal(retry(first))).message).toContain('has been retried already')
    await world.workOff(['a'])
    expect(await world.states(run)).toMatchObject({ a: 'FAILED', b: 'SKIPPED' })
    await retryNode(run, 'a')
    expect(await world.workOff()).toEqual(['a', 'b'])
    await endRest(run)
    expect((await world.run(run)).state).toBe('SUCCESS')
  })

  test('takes changed parameters, which its schema must allow', async () => {
    const paramsSchema = { type: 'object', properties: { size: { type: 'integer' } } }
    const type = { code: 'sized', kind: 'handler', settings: { handler: 'work' }, app: 'works', paramsSchema } as const
    await api.tenantA.client.taskTypes.create({ body: { ...type, defaults: { retry: { maxRetries: 0 } } } })
    await api.tenantA.client.tasks.create({ body: { code: 'sized', type: 'sized', params: { size: 1, colour: 'red' } } })
    const node = { code: 'a', task: 'sized', params: { size: '${{ params.size }}' } }
    const run = await world.trigger(await world.dag({ nodes: [node, resting], edges: [] }), { params: { size: 5 } })
    const [first] = await world.claim()
    await world.fail(first!)
    expect((await refusal(retryNode(run, 'a', { params: { size: 'big' } }))).problems).toMatchObject([
      { path: '/body/params/size' },
    ])
    await retryNode(run, 'a', { params: { size: 7 } })
    const [second] = await world.claim()
    expect(second!.params).toEqual({ ...(first!.params as object), size: 7 })
    await world.succeed(second!)
    await endRest(run)
  })

  test('that a person cancelled before its turn waits for what is upstream, and goes by its rule', async () => {
    const run = await world.trigger(await world.dag({ nodes: [...works('a', 'b'), resting], edges: [{ from: 'a', to: 'b' }] }))
    await api.tenantA.client.instances.cancel({ params: { instance: (await world.node(run, 'b')).id } })
    await retryNode(run, 'b')
    expect(await world.states(run)).toMatchObject({ a: 'PENDING', b: 'WAITING DEPENDENCY' })
    expect(await world.workOff()).toEqual(['a', 'b'])
    await endRest(run)
    expect((await world.run(run)).state).toBe('SUCCESS')
  })

  test('in a paused run begins when that is resumed', async () => {
    const run = await world.trigger(await world.dag({ nodes: [...works('a'), resting], edges: [] }))
    await world.workOff(['a'])
    await api.tenantA.client.runs.pause({ params: { run } })
    await retryNode(run, 'a')
    expect(await world.states(run)).toMatchObject({ a: 'WAITING PAUSED' })
    expect(await world.claim()).toEqual([])
    await api.tenantA.client.runs.resume({ params: { run } })
    expect(await world.workOff()).toEqual(['a'])
    await endRest(run)
  })

  test('that is an approval asks again; that is another DAG starts a run of it again', async () => {
    const inner = await world.dag('deep')
    const run = await world.trigger(
      await world.dag({ nodes: [{ code: 'ask', approval: {} }, { code: 'sub', dag: inner }, resting], edges: [] }),
    )
    await api.tenantA.client.instances.reject({ params: { instance: (await world.node(run, 'ask')).id }, body: {} })
    await world.workOff(['deep'])
    await continueRuns(api.engine)
    expect(await world.states(run)).toMatchObject({ ask: 'FAILED', sub: 'FAILED' })
    expect((await refusal(retryNode(run, 'ask', { params: { x: 1 } }))).message).toContain('no parameters')
    await retryNode(run, 'ask')
    await retryNode(run, 'sub')
    expect(await world.states(run)).toMatchObject({ ask: 'WAITING APPROVAL', sub: 'WAITING SUB_DAG' })
    expect(await world.workOff()).toEqual(['deep'])
    await continueRuns(api.engine)
    await api.tenantA.client.instances.approve({ params: { instance: (await world.node(run, 'ask')).id }, body: {} })
    await endRest(run)
    expect((await world.run(run)).state).toBe('SUCCESS')
    expect((await api.tenantA.client.runs.list({ query: { dag: inner } })).items.map(({ state }) => state)).toEqual([
      'SUCCESS',
      'FAILED',
    ])
  })

  test('is refused where something ran because it had failed, and names that', async () => {
    const dag = await world.dag({
      nodes: [...works('a', 'b'), { code: 'mend', task: 'work', triggerRule: 'ONE_FAILED' }, resting],
      edges: ['b', 'mend'].map((to) => ({ from: 'a', to })),
    })
    const run = await world.trigger(dag)
    await world.workOff(['a'])
    const { code, message } = await refusal(retryNode(run, 'a'))
    expect({ code, message }).toEqual({
      code: 'STATE_CONFLICT',
      message: expect.stringContaining('mend began because of how it ended'),
    })
    expect(await world.states(run)).toMatchObject({ a: 'FAILED', b: 'SKIPPED', mend: 'SUCCESS' })
    await endRest(run)
    expect((await world.run(run)).state).toBe('FAILED')
  })

  test('is refused when it did not fail, has not ended, its run is being stopped or has ended, and to another tenant', async () => {
    const run = await world.trigger(await world.dag({ nodes: [...works('a', 'b', 'c'), resting], edges: [] }))
    const [a, b, c] = await world.claim()
    await world.succeed(a!)
    await world.fail(b!)
    expect((await refusal(retryNode(run, 'a'))).message).toContain('it ended SUCCESS')
    expect((await refusal(retryNode(run, 'c'))).message).toContain('has not ended')
    expect((await refusal(retry(b!.instance, {}, api.tenantB.client))).code).toBe('NOT_FOUND')
    await api.tenantA.client.runs.cancel({ params: { run } })
    expect((await refusal(retryNode(run, 'b'))).message).toContain('being stopped')
    await world.succeed(c!)
    expect((await refusal(retryNode(run, 'b'))).message).toContain('retry the run from FAILED')
  })

  test('twice at once, runs again once', async () => {
    const run = await world.trigger(await world.dag({ nodes: [...works('a', 'b'), resting], edges: [{ from: 'a', to: 'b' }] }))
    await world.workOff(['a'])
    const { id } = await world.node(run, 'a')
    const both = await Promise.allSettled([retry(id), retry(id)])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await world.workOff()).toEqual(['a', 'b'])
    await endRest(run)
    expect((await world.run(run)).state).toBe('SUCCESS')
  })
})

describe('a failed element of a fan-out', () => {
  const each = (more: object = {}) => ({
    code: 'each',
    task: 'work',
    forEach: { items: 'params.list', ...more },
    params: { item: '${{ item }}' },
  })
  const after = { code: 'after', task: 'work', params: { all: '${{ nodes.each.output }}' } }
  const fanned = (more: object = {}) => world.dag({ nodes: [each(more), after, resting], edges: [{ from: 'each', to: 'after' }] })

  test('runs again alone while others are at work, with its own parameters', async () => {
    const run = await world.trigger(await fanned(), { params: { list: ['x', 'y', 'z'] } })
    const [x, y, z] = await claimInOrder()
    await world.fail(y!)
    const { newInstanceId } = await retry(y!.instance)
    const again = await world.claim()
    expect(again.map(({ instance, params, shard }) => ({ instance, params, shard }))).toEqual([
      { instance: newInstanceId, params: { item: 'y' }, shard: { index: 1, total: 3 } },
    ])
    for (const one of [x!, z!, again[0]!]) await world.succeed(one, one.shard.index)
    const [next] = await world.claim()
    expect(next!.params).toEqual({ all: [0, 1, 2] })
    await world.succeed(next!)
    await endRest(run)
    expect((await world.run(run)).state).toBe('SUCCESS')
  })

  test('runs again alone when all have ended: the fan-out is at work again, and what was skipped behind it waits', async () => {
    const run = await world.trigger(await fanned(), { params: { list: ['x', 'y'] } })
    const [x, y] = await claimInOrder()
    await world.succeed(x!, 'X')
    await world.fail(y!)
    expect(await world.states(run)).toMatchObject({ after: 'SKIPPED' })
    await retry(y!.instance, { params: { item: 'Y!' } })
    expect(await world.states(run)).toMatchObject({ after: 'WAITING DEPENDENCY' })
    const [again, ...others] = await world.claim()
    expect(others).toEqual([])
    expect(again!.params).toEqual({ item: 'Y!' })
    await world.succeed(again!, 'Y')
    const [next] = await world.claim()
    expect(next!.params).toEqual({ all: ['X', 'Y'] })
    await world.succeed(next!)
    await endRest(run)
    expect((await world.run(run)).state).toBe('SUCCESS')
  })

  test('waits for its turn where no more may be at work', async () => {
    const run = await world.trigger(await fanned({ maxParallel: 1 }), { params: { list: ['x', 'y'] } })
    const [x] = await world.claim()
    await world.fail(x!)
    const [y] = await world.claim()
    await retry(x!.instance)
    expect((await api.tenantA.client.instances.get({ params: { instance: (await last(run)).id } })).waitReason).toBe('SLOT')
    expect(await world.claim()).toEqual([])
    await world.succeed(y!)
    expect(await world.workOff()).toEqual(['each', 'after'])
    await endRest(run)
    expect((await world.run(run)).state).toBe('SUCCESS')
  })

  test('a fan-out that could not begin begins again as a whole', async () => {
    const node = { ...each({ items: 'nodes.first.output' }), triggerRule: 'ALWAYS' as const }
    const dag = await world.dag({ nodes: [...works('first'), node, resting], edges: [{ from: 'first', to: 'each' }] })
    const run = await world.trigger(dag)
    await world.workOff()
    expect((await world.node(run, 'each')).error).toMatchObject({ code: 'EXPRESSION_FAILED' })
    const id = await retryNode(run, 'each')
    expect(await world.node(run, 'each')).toMatchObject({ id, state: 'FAILED' })
    await endRest(run)
    expect((await world.run(run)).state).toBe('FAILED')
  })

  const claimInOrder = async () => (await world.claim()).toSorted((a, b) => a.shard.index - b.shard.index)
  const last = async (run: number) => (await world.run(run)).instances.toSorted((a, b) => a.id - b.id).at(-1)!
})

describe('what waits for time, run now', () => {
  const runNow = async (run: number, code: string) =>
    api.tenantA.client.instances.run({ params: { instance: (await world.node(run, code)).id } })

  test('a wait is over, and what is behind it begins', async () => {
    const dag = await world.dag({
      nodes: [{ code: 'night', wait: { ms: 3_600_000 } }, ...works('b')],
      edges: [{ from: 'night', to: 'b' }],
    })
    const run = await world.trigger(dag)
    await runNow(run, 'night')
    expect(await world.node(run, 'night')).toMatchObject({ state: 'SUCCESS', output: { waited: false } })
    expect(await world.workOff()).toEqual(['b'])
    expect((await world.run(run)).state).toBe('SUCCESS')
  })

  test('the next attempt of a node, and of the run of a task, begins at once; in a paused run when that is resumed', async () => {
    const policies = { retry: { maxRetries: 1, delayMs: 3_600_000, jitter: 0 } }
    await api.tenantA.client.tasks.create({ body: { code: 'patient', type: 'work', policies } })
    const run = await world.trigger(await world.dag({ nodes: [{ code: 'a', task: 'patient' }], edges: [] }))
    const { runId } = await api.tenantA.client.runs.trigger({ params: { task: 'patient' }, body: {} })
    for (const each of await world.claim()) await world.fail(each)
    expect(await world.states(run)).toEqual({ a: 'WAITING TIME' })
    await api.tenantA.client.runs.pause({ params: { run } })
    await runNow(run, 'a')
    await api.tenantA.client.instances.run({ params: { instance: runId } })
    expect((await world.claim()).map(({ instance }) => instance)).toEqual([runId])
    expect(await world.states(run)).toEqual({ a: 'WAITING PAUSED' })
    await api.tenantA.client.runs.resume({ params: { run } })
    const [second] = await world.claim()
    expect(second).toMatchObject({ attempt: 2 })
    await world.succeed(second!)
    expect((await world.run(run)).state).toBe('SUCCESS')
  })

  test('nothing else hears it', async () => {
    const run = await world.trigger(await world.dag('a>b'))
    for (const code of ['a', 'b']) expect((await refusal(runNow(run, code))).message).toContain('does not wait for time')
    await world.workOff()
    expect((await refusal(runNow(run, 'a'))).message).toContain('already ended')
  })
})
