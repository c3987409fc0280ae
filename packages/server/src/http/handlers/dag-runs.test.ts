import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'
import { createDagWorld, type DagWorld } from './dag-runs.test-helper.ts'

let api: TestApi
let world: DagWorld
beforeAll(async () => {
  api = await startTestApi()
  world = await createDagWorld(api)
})
afterAll(() => api.close())

const runs = () => api.tenantA.client.runs
const task = (code: string, more: object = {}) => ({ code, task: 'work', ...more })
const one = (more: object = {}) => ({ nodes: [task('only')], edges: [], ...more })

describe('RUN-1 a DAG that is triggered', () => {
  test('runs its nodes in the order of its edges, and its run says what it was', async () => {
    const dag = await world.dag('a>b>d a>c>d')
    const run = await world.trigger(dag)
    expect(await world.run(run)).toMatchObject({ kind: 'DAG', task: null, dag: { code: dag, version: 1 }, state: 'PENDING' })
    expect(await world.workOff()).toEqual(['a', 'b', 'c', 'd'])
    const ended = await world.run(run)
    expect(ended.state).toBe('SUCCESS')
    expect(ended.instances.map(({ nodeCode, task: ran, state }) => [nodeCode, ran?.code, state])).toEqual(
      ['a', 'b', 'c', 'd'].map((code) => [code, 'work', 'SUCCESS']),
    )
  })

  test("tells executors the code of each node's task, not that of the DAG", async () => {
    await world.trigger(await world.dag(one()))
    const [assignment] = await world.claim(1)
    expect(assignment!.task).toBe('work')
    await world.succeed(assignment!)
  })

  test('has its parameters over the defaults of its version, checked by its schema', async () => {
    const paramsSchema = { type: 'object', required: ['day'], properties: { n: { type: 'integer' } } }
    const dag = await world.dag(one({ params: { n: 1, m: 2 }, paramsSchema }))
    expect((await refusal(world.trigger(dag, { params: { n: 1 } }))).problems).toMatchObject([{ path: '/body/params/day' }])
    expect((await refusal(world.trigger(dag, { params: { day: 'x', n: 'y' } }))).problems).toMatchObject([
      { path: '/body/params/n' },
    ])
    const run = await world.trigger(dag, { params: { day: 'monday', n: 5 }, priority: 9 })
    expect(await world.run(run)).toMatchObject({ params: { day: 'monday', n: 5, m: 2 }, priority: 9 })
    expect((await refusal(world.trigger(dag, { params: { day: 'x'.repeat(70_000) } }))).code).toBe('TOO_LARGE')
    await world.workOff()
  })

  test('is triggered once by one idempotency key, and not at all by the same key with another request', async () => {
    const dag = await world.dag(one())
    const send = (body: object) => runs().triggerDag({ params: { dag }, body }, { idempotencyKey: 'once-and-never-again' })
    const first = await send({})
    expect(await send({})).toEqual({ ...first, replayed: true })
    expect((await refusal(send({ key: 'other' }))).code).toBe('IDEMPOTENCY_MISMATCH')
    await world.workOff()
  })

  test('is refused to roles that may not run it, when it is disabled or deleted, and while no version is active', async () => {
    const dag = await world.dag(one(), { runnableBy: ['admin'] })
    expect((await refusal(world.trigger(dag))).code).toBe('FORBIDDEN')
    const disabled = await world.dag(one())
    await api.tenantA.client.dags.disable({ params: { dag: disabled } })
    expect((await refusal(world.trigger(disabled))).message).toContain(`The DAG ${disabled} is disabled`)
    const forced = await world.trigger(disabled, { force: true })
    expect(await world.workOff()).toEqual(['only'])
    expect((await world.run(forced)).state).toBe('SUCCESS')
    const { code } = await api.tenantA.client.dags.create({ body: { code: 'nothing-active' } })
    expect((await refusal(world.trigger(code))).message).toContain('no ACTIVE version')
    await api.tenantA.client.dags.remove({ params: { dag: code } })
    expect((await refusal(world.trigger(code))).code).toBe('NOT_FOUND')
  })

  test('runs the version that is named, if that has been activated', async () => {
    const dag = await world.dag('first')
    await world.version(dag, 'second')
    expect((await refusal(world.trigger(dag, { version: 2 }))).message).toBe(
      'There is no version 2 of this DAG that has been activated.',
    )
    await api.tenantA.client.dagVersions.activate({ params: { dag, number: 2 }, body: {} })
    await world.trigger(dag)
    const old = await world.trigger(dag, { version: 1 })
    expect((await world.run(old)).dag).toMatchObject({ version: 1 })
    expect((await world.workOff()).toSorted()).toEqual(['first', 'second'])
  })

  test('with two versions in traffic gives each its share, and the same key always the same', async () => {
    const dag = await world.dag('one')
    const number = await world.version(dag, 'two')
    await api.tenantA.client.dags.setGray({ params: { dag }, body: { number, percent: 50 } })
    const versionOf = async (run: number) => (await world.run(run)).dag!.version
    const taken = new Set<number>()
    for (const key of 'abcdefghij') {
      const versions = [await versionOf(await world.trigger(dag, { key })), await versionOf(await world.trigger(dag, { key }))]
      expect(versions[0]).toBe(versions[1])
      taken.add(versions[0]!)
    }
    expect(taken).toEqual(new Set([1, 2]))
    const free = new Set<number>()
    for (let tries = 0; tries < 40 && free.size < 2; tries++) free.add(await versionOf(await world.trigger(dag)))
    expect(free).toEqual(new Set([1, 2]))
    await world.workOff()
  })

  test('goes with the value that keys its concurrency while two versions share its traffic', async () => {
    const concurrency = { policy: 'KEYED', path: 'customer', each: 'SEQUENTIAL' } as const
    const dag = await world.dag('one', { policies: { concurrency } })
    const number = await world.version(dag, 'two')
    await api.tenantA.client.dags.setGray({ params: { dag }, body: { number, percent: 50 } })
    for (const customer of 'abcdef') {
      const [first, second] = [
        await world.trigger(dag, { params: { customer } }),
        await world.trigger(dag, { params: { customer } }),
      ]
      expect((await world.run(first)).dag).toEqual((await world.run(second)).dag)
    }
    await world.workOff()
  })

  test('as a node of another runs the version that the node names', async () => {
    const inner = await world.dag('old')
    await api.tenantA.client.dagVersions.activate({ params: { dag: inner, number: await world.version(inner, 'new') }, body: {} })
    const outer = await world.dag({ nodes: [{ code: 'sub', dag: inner, dagVersion: 1 }], edges: [] })
    const run = await world.trigger(outer)
    expect(await world.workOff()).toEqual(['old'])
    expect((await world.run(run)).state).toBe('SUCCESS')
  })
})

describe('RUN-5 views of runs of DAGs', () => {
  test('runs and instances are listed by their DAG', async () => {
    const dag = await world.dag('a>b')
    const run = await world.trigger(dag)
    expect((await runs().list({ query: { dag } })).items.map(({ id }) => id)).toEqual([run])
    const { items } = await api.tenantA.client.instances.list({ query: { dag } })
    const ofRun = await api.tenantA.client.instances.list({ query: { run: items[0]!.runId } })
    expect(ofRun.items).toEqual(items.filter(({ runId }) => runId === items[0]!.runId))
    expect(items.map(({ nodeCode }) => String(nodeCode)).toSorted()).toEqual(['a', 'b'])
    expect((await runs().list({ query: { dag: 'dag-of-nobody' } })).items).toEqual([])
    await world.workOff()
  })

  test('RUN-7 every node that waits says for which nodes, person, event, run or time', async () => {
    const inner = await world.dag('deep')
    const dag = await world.dag({
      nodes: [
        task('a'),
        task('b'),
        { code: 'ask', approval: { roles: ['admin'], timeoutMs: 60_000 } },
        { code: 'paid', wait: { event: { name: 'paid', key: '"7"' } } },
        { code: 'rest', wait: { ms: 3_600_000 } },
        { code: 'sub', dag: inner },
        task('join'),
      ],
      edges: ['a', 'b', 'ask'].map((from) => ({ from, to: 'join' })),
    })
    const run = await world.trigger(dag)
    const [first] = await world.claim(1)
    await world.succeed(first!)
    const why = async (code: string) => (await world.node(run, code)).why
    expect(await why('join')).toMatchObject({ reason: 'DEPENDENCY', detail: 'Waits for the end of b and ask.' })
    expect(await why('ask')).toMatchObject({ reason: 'APPROVAL', until: expect.any(Number) })
    expect((await why('ask'))!.detail).toContain('the role admin.')
    expect((await why('paid'))!.detail).toBe('Waits for the event paid with the key 7.')
    expect(await why('rest')).toMatchObject({ reason: 'TIME', until: expect.any(Number) })
    await world.workOff(['deep'])
    expect(await world.node(run, 'sub')).toMatchObject({ state: 'FAILED', error: { code: 'SUB_DAG_FAILED' } })
    await runs().cancel({ params: { run } })
  })

  test('RUN-7 what waits for the slot of its DAG says which run holds it', async () => {
    const dag = await world.dag('a', { policies: { concurrency: { policy: 'SEQUENTIAL' } } })
    const [first, second] = [await world.trigger(dag), await world.trigger(dag)]
    expect((await world.node(second, 'a')).why).toMatchObject({ reason: 'SLOT', heldBy: first })
    await world.workOff()
  })
})
