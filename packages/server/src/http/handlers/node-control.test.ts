import type { CarillonError } from '@carillon/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endDueNodes } from '../../lifecycle/wait-nodes.ts'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'
import { createDagWorld, type DagWorld } from './dag-runs.test-helper.ts'

// RUN-4: the rows of docs/concepts/dag-control.md, in their order.

let api: TestApi
let world: DagWorld
beforeAll(async () => {
  api = await startTestApi()
  world = await createDagWorld(api)
})
afterAll(() => api.close())

type Action = 'approve' | 'reject' | 'skip' | 'cancel'
const act = (action: Action, instance: number, client = api.tenantA.client) =>
  client.instances[action]({ params: { instance }, body: {} } as never)
async function on(run: number, code: string, action: Action): Promise<void> {
  await act(action, (await world.node(run, code)).id)
}
const deliver = (body: { name: string; key: string; payload?: unknown }, client = api.tenantA.client) =>
  client.events.deliver({ body })

const asking = (approval: object = {}) => ({
  nodes: [
    { code: 'ask', approval },
    { code: 'yes', task: 'work' },
    { code: 'no', task: 'work', triggerRule: 'ONE_FAILED' as const },
  ],
  edges: ['yes', 'no'].map((to) => ({ from: 'ask', to })),
})

describe('approval', () => {
  test('approved, what is downstream of its success runs; rejected, what is downstream of its failure', async () => {
    const dag = await world.dag(asking())
    const [approved, rejected] = [await world.trigger(dag), await world.trigger(dag)]
    await on(approved, 'ask', 'approve')
    await on(rejected, 'ask', 'reject')
    await world.workOff()
    expect(await world.states(approved)).toEqual({ ask: 'SUCCESS', yes: 'SUCCESS', no: 'SKIPPED' })
    expect(await world.states(rejected)).toEqual({ ask: 'FAILED', yes: 'SKIPPED', no: 'SUCCESS' })
    expect((await world.node(rejected, 'ask')).error).toMatchObject({ code: 'REJECTED' })
  })

  test('is decided once: the second decision is answered 409, also when both come at once', async () => {
    const run = await world.trigger(await world.dag(asking()))
    const { id } = await world.node(run, 'ask')
    const both = await Promise.allSettled([act('approve', id), act('reject', id)])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await refusal(act('approve', id))).toMatchObject({ code: 'STATE_CONFLICT' })
    const { rows } = await api.root.query(`select operation from audit where object_kind = 'instance' and object_id = $1`, [id])
    expect(rows.length).toBe(1)
    await world.workOff()
  })

  test('is decided by the roles that it names, by operators and above if it names none, and by no other tenant', async () => {
    const run = await world.trigger(await world.dag(asking({ roles: ['viewer'] })))
    const { id } = await world.node(run, 'ask')
    const as = async (role: 'viewer' | 'operator') => api.client(await api.token(api.tenantA.id, role))
    expect((await refusal(act('approve', id))).code).toBe('FORBIDDEN')
    expect((await refusal(act('approve', id, api.tenantB.client))).code).toBe('NOT_FOUND')
    await act('approve', id, await as('viewer'))
    const other = await world.trigger(await world.dag(asking()))
    const asked = await world.node(other, 'ask')
    expect((await refusal(act('approve', asked.id, await as('viewer')))).code).toBe('FORBIDDEN')
    await act('approve', asked.id, await as('operator'))
    await world.workOff()
  })
})

describe('an approval that nobody gives', () => {
  test('ends TIMEOUT when its time is over, and counts downstream as a failure; a decision then comes too late', async () => {
    const run = await world.trigger(await world.dag(asking({ timeoutMs: 1 })))
    const { id } = await world.node(run, 'ask')
    for (let tries = 0; tries < 200 && (await world.node(run, 'ask')).endedAt === null; tries++) await endDueNodes(api.engine)
    expect(await world.node(run, 'ask')).toMatchObject({ state: 'TIMEOUT', error: { code: 'APPROVAL_TIMEOUT' } })
    expect((await refusal(act('approve', id))).code).toBe('STATE_CONFLICT')
    expect(await world.workOff()).toEqual(['no'])
    expect((await world.run(run)).state).toBe('FAILED')
  })
})

describe('an event', () => {
  const paying = { nodes: [{ code: 'paid', wait: { event: { name: 'paid', key: 'params.order', timeoutMs: 50 } } }], edges: [] }

  test('ends the nodes of the tenant that wait for its name and key, with what it carries', async () => {
    const run = await world.trigger(await world.dag(paying), { params: { order: 'A-1' } })
    expect(await deliver({ name: 'paid', key: 'A-2' })).toEqual({ nodes: 0 })
    expect(await deliver({ name: 'paid', key: 'A-1' }, api.tenantB.client)).toEqual({ nodes: 0 })
    expect(await deliver({ name: 'paid', key: 'A-1', payload: { by: 'card' } })).toEqual({ nodes: 1 })
    expect(await world.node(run, 'paid')).toMatchObject({ state: 'SUCCESS', output: { by: 'card' } })
    expect(await deliver({ name: 'paid', key: 'A-1' })).toEqual({ nodes: 0 })
  })

  test('that comes as its time runs out is heard or too late, never both', async () => {
    const run = await world.trigger(await world.dag(paying), { params: { order: 'B-1' } })
    const due = await world.node(run, 'paid')
    while ((await api.db.engine((tx) => tx.now())) <= due.dueAt!) await endDueNodes(api.engine)
    const [heard] = await Promise.all([deliver({ name: 'paid', key: 'B-1' }), endDueNodes(api.engine)])
    expect((await world.run(run)).instances.map(({ state }) => state)).toEqual([heard.nodes === 1 ? 'SUCCESS' : 'TIMEOUT'])
  })
})

describe('one node', () => {
  test('marked as done, counts downstream as a success', async () => {
    const run = await world.trigger(await world.dag('a>b'))
    await on(run, 'a', 'skip')
    expect(await world.workOff()).toEqual(['b'])
    expect(await world.states(run)).toEqual({ a: 'SKIPPED', b: 'SUCCESS' })
    expect((await world.run(run)).state).toBe('SUCCESS')
  })

  test('marked as done before its turn, lets what is downstream of it go on', async () => {
    const run = await world.trigger(await world.dag('a>b>c'))
    await on(run, 'b', 'skip')
    expect(await world.states(run)).toEqual({ a: 'PENDING', b: 'SKIPPED', c: 'PENDING' })
    await world.workOff()
    expect((await world.run(run)).state).toBe('SUCCESS')
  })

  test('cancelled as it waits, is over at once and counts downstream as a failure; the other branches go on', async () => {
    const run = await world.trigger(await world.dag('a>b>c a>d'))
    await on(run, 'b', 'cancel')
    expect(await world.workOff()).toEqual(['a', 'd'])
    expect(await world.states(run)).toEqual({ a: 'SUCCESS', b: 'CANCELLED', c: 'SKIPPED', d: 'SUCCESS' })
    expect((await world.run(run)).state).toBe('CANCELLED')
  })

  test('cancelled at work, is asked to stop, and is cancelled whatever its handler answers', async () => {
    const run = await world.trigger(await world.dag('a>b'))
    const [a] = await world.claim()
    await on(run, 'a', 'cancel')
    expect((await world.node(run, 'a')).stopReason).toBe('CANCEL')
    await world.succeed(a!)
    expect(await world.states(run)).toEqual({ a: 'CANCELLED', b: 'SKIPPED' })
  })

  test('that is another DAG takes its part along when it is cancelled or marked as done', async () => {
    for (const action of ['cancel', 'skip'] as const) {
      const inner = await world.dag('deep')
      const run = await world.trigger(await world.dag({ nodes: [{ code: 'sub', dag: inner }], edges: [] }))
      const [deep] = await startParts()
      await on(run, 'sub', action)
      await startParts()
      await world.succeed(deep!)
      expect((await api.tenantA.client.runs.list({ query: { dag: inner } })).items.map(({ state }) => state)).toEqual([
        'CANCELLED',
      ])
    }
  })

  test('of a fan-out is cancelled by itself, and not marked as done', async () => {
    const each = { code: 'each', task: 'work', forEach: { items: 'params.list', successShare: 0.5 } }
    const run = await world.trigger(await world.dag({ nodes: [each], edges: [] }), { params: { list: [1, 2] } })
    const { id } = await world.node(run, 'each')
    expect((await refusal(act('skip', id))).code).toBe('STATE_CONFLICT')
    await act('cancel', id)
    expect(await world.workOff()).toEqual(['each'])
    expect((await world.run(run)).state).toBe('SUCCESS')
  })

  test('of a fan-out is not marked as done while it runs, nor while it waits for its turn', async () => {
    const each = { code: 'each', task: 'work', forEach: { items: 'params.list', maxParallel: 1 } }
    const run = await world.trigger(await world.dag({ nodes: [each], edges: [] }), { params: { list: [1, 2] } })
    const [first] = await world.claim()
    const { instances } = await world.run(run)
    const waiting = instances.find(({ id }) => id !== first!.instance)!
    expect(waiting.waitReason).toBe('SLOT')
    expect((await refusal(act('skip', first!.instance))).message).toContain('at work')
    expect((await refusal(act('skip', waiting.id))).message).toContain('element of a fan-out')
    await world.succeed(first!)
    await world.workOff()
    expect((await world.run(run)).state).toBe('SUCCESS')
  })

  test('that is another DAG and fails while its run is paused, lets what it makes ready begin only when that is resumed', async () => {
    const inner = await world.dag('deep')
    const dag = await world.dag({
      nodes: [
        { code: 'sub', dag: inner },
        { code: 'mend', task: 'work', triggerRule: 'ONE_FAILED' },
      ],
      edges: [{ from: 'sub', to: 'mend' }],
    })
    const run = await world.trigger(dag)
    const [deep] = await startParts()
    await api.tenantA.client.runs.pause({ params: { run } })
    await world.fail(deep!)
    expect(await startParts()).toEqual([])
    expect(await world.states(run)).toEqual({ sub: 'FAILED', mend: 'WAITING PAUSED' })
    await api.tenantA.client.runs.resume({ params: { run } })
    expect(await world.workOff()).toEqual(['mend'])
    expect((await world.run(run)).state).toBe('FAILED')
  })

  test('at work is not marked as done, and one that has ended hears nothing', async () => {
    const run = await world.trigger(await world.dag('a'))
    const [a] = await world.claim()
    const { id } = await world.node(run, 'a')
    expect((await refusal(act('skip', id))).message).toContain('at work')
    await world.succeed(a!)
    for (const action of ['skip', 'cancel'] as const) expect((await refusal(act(action, id))).code).toBe('STATE_CONFLICT')
  })

  async function startParts() {
    const { continueRuns } = await import('../../lifecycle/continue-runs.ts')
    await continueRuns(api.engine)
    return world.claim()
  }
})

describe('a run again', () => {
  const retry = async (run: number, body: object) =>
    (await api.tenantA.client.runs.retry({ params: { run }, body: body as never })).newRunId!

  test('from what failed keeps what had succeeded, with its output, and runs the rest', async () => {
    const dag = await world.dag({
      nodes: [
        { code: 'a', task: 'work' },
        { code: 'b', task: 'work' },
        { code: 'c', task: 'work', params: { n: '${{ nodes.a.output.n }}' } },
        { code: 'd', task: 'work' },
      ],
      edges: ['b', 'c'].flatMap((code) => [{ from: 'a', to: code }, { from: code, to: 'd' }]), // prettier-ignore
    })
    const run = await world.trigger(dag)
    const [a] = await world.claim()
    await world.succeed(a!, { n: 7 })
    expect(await world.workOff(['c'])).toEqual(['b', 'c'])
    expect((await world.run(run)).state).toBe('FAILED')
    const again = await retry(run, { from: 'FAILED' })
    expect(await world.run(again)).toMatchObject({ origin: 'RETRY', parentRunId: run, dag: { version: 1 } })
    expect(await world.states(again)).toEqual({ a: 'SUCCESS', b: 'SUCCESS', c: 'PENDING', d: 'WAITING DEPENDENCY' })
    const [c] = await world.claim()
    expect(c!.params).toEqual({ n: 7 })
    await world.succeed(c!)
    expect(await world.workOff()).toEqual(['d'])
    expect((await world.run(again)).state).toBe('SUCCESS')
    expect((await refusal(retry(again, { from: 'FAILED' }))).message).toContain('Nothing in it failed')
  })

  test('from what failed is under way once, whoever asks at once; when it has ended it can be asked for again', async () => {
    const run = await world.trigger(await world.dag('a>b'))
    await world.workOff(['b'])
    const both = await Promise.allSettled([retry(run, { from: 'FAILED' }), retry(run, { from: 'FAILED' })])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const again = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))[0]!
    const [refused] = both.flatMap((each) => (each.status === 'rejected' ? [each.reason as CarillonError] : []))
    const message = `It is being run again already, as run ${again}. Wait for its end, or cancel it.`
    expect(refused).toMatchObject({ code: 'STATE_CONFLICT', message })
    await world.workOff(['b'])
    expect(await retry(run, { from: 'FAILED' })).not.toBe(again)
    await world.workOff()
  })

  test('from what failed goes by the conditions under the changed parameters, which its schema must allow', async () => {
    const dag = await world.dag({
      nodes: ['a', 'fast', 'slow', 'broken'].map((code) => ({ code, task: 'work' })),
      edges: [
        { from: 'a', to: 'fast', condition: 'params.fast' },
        { from: 'a', to: 'slow', condition: '!params.fast' },
      ],
      params: { fast: true },
      paramsSchema: { type: 'object', properties: { fast: { type: 'boolean' } } },
    })
    const run = await world.trigger(dag)
    await world.workOff(['broken', 'fast'])
    expect((await refusal(retry(run, { params: { fast: 5 } }))).problems).toMatchObject([{ path: '/body/params/fast' }])
    const again = await retry(run, { from: 'FAILED', params: { fast: false } })
    expect((await world.workOff()).toSorted()).toEqual(['broken', 'slow'])
    expect(await world.states(again)).toEqual({ a: 'SUCCESS', fast: 'SKIPPED', slow: 'SUCCESS', broken: 'SUCCESS' })
  })

  test('from what failed keeps what a person had marked as done', async () => {
    const run = await world.trigger(await world.dag('a>b>c'))
    await on(run, 'a', 'skip')
    await world.workOff(['b'])
    const again = await retry(run, { from: 'FAILED' })
    expect(await world.states(again)).toEqual({ a: 'SKIPPED', b: 'PENDING', c: 'WAITING DEPENDENCY' })
    expect(await world.workOff()).toEqual(['b', 'c'])
    expect((await world.run(again)).state).toBe('SUCCESS')
  })

  test('from what failed keeps a fan-out that had succeeded, with its list, and runs all elements of one that had not', async () => {
    const fanOut = (code: string) => ({ code, task: 'work', forEach: { items: 'params.list' }, params: { item: '${{ item }}' } })
    const sum = {
      code: 'sum',
      task: 'work',
      params: { whole: '${{ nodes.whole.output }}', broken: '${{ nodes.broken.output }}' },
    }
    const edges = ['whole', 'broken'].map((from) => ({ from, to: 'sum' }))
    const dag = await world.dag({ nodes: [fanOut('whole'), fanOut('broken'), sum], edges })
    const run = await world.trigger(dag, { params: { list: ['x', 'y'] } })
    const codes = new Map((await world.run(run)).instances.map(({ id, nodeCode }) => [id, nodeCode]))
    for (const each of await world.claim()) {
      const broken = codes.get(each.instance) === 'broken' && each.shard.index === 1
      await (broken ? world.fail(each) : world.succeed(each, `first ${each.shard.index}`))
    }
    const again = await retry(run, { from: 'FAILED' })
    const elements = await world.claim()
    expect(elements.map(({ params }) => (params as { item: string }).item).toSorted()).toEqual(['x', 'y'])
    for (const each of elements) await world.succeed(each, `second ${each.shard.index}`)
    const [last] = await world.claim()
    expect(last!.params).toEqual({ whole: ['first 0', 'first 1'], broken: ['second 0', 'second 1'] })
    await world.succeed(last!)
    expect((await world.run(again)).state).toBe('SUCCESS')
  })

  test('from what failed that has to wait for its slot begins when that is free, with what it has kept', async () => {
    const dag = await world.dag('a>b>c', { policies: { concurrency: { policy: 'SEQUENTIAL' } } })
    const run = await world.trigger(dag)
    await world.workOff(['b'])
    const holder = await world.trigger(dag)
    const again = await retry(run, { from: 'FAILED' })
    expect(await world.claim()).toMatchObject([{ run: holder }])
    expect((await world.run(again)).reason).toBe(`CONCURRENCY:${holder}`)
    expect(await world.states(again)).toMatchObject({ a: 'SUCCESS', c: 'WAITING DEPENDENCY' })
    await api.tenantA.client.runs.cancel({ params: { run: holder } })
    await world.succeed({ ...(await world.run(holder)).instances.map(({ id }) => ({ instance: id, token: 1 }))[0] } as never)
    expect(await world.workOff()).toEqual(['b', 'c'])
    expect((await world.run(again)).state).toBe('SUCCESS')
  })

  test('from its start runs every node, on the version it had', async () => {
    const dag = await world.dag('a>b')
    const run = await world.trigger(dag)
    await world.workOff(['b'])
    await api.tenantA.client.dagVersions.activate({ params: { dag, number: await world.version(dag, 'other') }, body: {} })
    const again = await retry(run, {})
    expect(await world.workOff()).toEqual(['a', 'b'])
    expect((await world.run(again)).dag).toMatchObject({ version: 1 })
  })
})

describe('a whole DAG', () => {
  test('paused, lets what runs end and starts nothing new until it is resumed', async () => {
    const dag = await world.dag('a>b')
    const run = await world.trigger(dag)
    const { dags } = api.tenantA.client
    expect(await dags.pause({ params: { dag }, body: { reason: 'moving house' } })).toMatchObject({ paused: true })
    expect((await refusal(world.trigger(dag))).message).toContain('is paused')
    expect(await world.workOff()).toEqual(['a', 'b'])
    expect((await world.run(run)).state).toBe('SUCCESS')
    expect(await dags.resume({ params: { dag } })).toMatchObject({ paused: false, pauseReason: null })
    await world.trigger(dag)
    expect(await world.workOff()).toEqual(['a', 'b'])
  })

  test('stopped, cancels every active run of it and no other', async () => {
    const [dag, other] = [await world.dag('a'), await world.dag('a')]
    const [first, second, bystander] = [await world.trigger(dag), await world.trigger(dag), await world.trigger(other)]
    const answer = await api.tenantA.client.runs.stopDag({ params: { dag } })
    expect(answer).toEqual({ items: [first, second].map((runId) => ({ runId, ok: true })), more: false })
    expect((await world.run(second)).state).toBe('CANCELLED')
    expect(await api.tenantA.client.runs.stopDag({ params: { dag } })).toEqual({ items: [], more: false })
    expect(await world.workOff()).toEqual(['a'])
    expect((await world.run(bystander)).state).toBe('SUCCESS')
  })

  test('repeats its failed runs from what failed, each once', async () => {
    const since = Date.now() - 60_000
    const dag = await world.dag('a>b')
    const runs = [await world.trigger(dag), await world.trigger(dag)]
    await world.workOff(['b'])
    const again = () => api.tenantA.client.runs.retryDag({ params: { dag }, body: { since } })
    expect((await again()).items.map(({ runId }) => runId)).toEqual(runs)
    expect((await again()).items).toEqual([])
    expect(await world.workOff()).toEqual(['b', 'b'])
  })
})
