import { afterAll, beforeAll, expect, test } from 'vitest'
import { workOffBackfills } from '../../lifecycle/work-off-backfills.ts'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'
import { createDagWorld, type DagWorld } from './dag-runs.test-helper.ts'

// SCH for DAGs: what is not said here is said of tasks in schedules.test.ts, and is the same code.

let api: TestApi
let world: DagWorld
beforeAll(async () => {
  api = await startTestApi()
  world = await createDagWorld(api)
})
afterAll(() => api.close())

const schedules = () => api.tenantA.client.schedules
const timing = { kind: 'CRON', expression: '0 0 0 1 1 ? 2099', timezone: 'UTC' } as const
let made = 0
const make = (dag: string, more: object = {}) => schedules().create({ body: { code: `every-${++made}`, dag, timing, ...more } })

/** Makes it due this instant. */
async function fireOf(schedule: { readonly id: number; readonly code: string }) {
  await api.root.query(`update schedule_due set next_fire_at = now(), due_at = now() where schedule_id = $1`, [schedule.id])
  await api.fire()
  return (await schedules().fires({ params: { schedule: schedule.code } })).items[0]
}

test('a schedule fires a DAG, whose run knows its planned time and the parameters of the schedule', async () => {
  const dag = await world.dag({
    nodes: [{ code: 'a', task: 'work', params: { at: '${{ run.fireAt }}', day: '${{ params.day }}' } }],
    edges: [],
  })
  const schedule = await make(dag, { params: { day: 'monday' } })
  expect(schedule).toMatchObject({ task: null, dag: { code: dag } })
  const fire = await fireOf(schedule)
  expect(fire).toMatchObject({ outcome: 'RUN', runId: expect.any(Number) })
  expect(await world.run(fire!.runId!)).toMatchObject({ origin: 'SCHEDULE', fireAt: fire!.fireAt, dag: { code: dag } })
  const [assignment] = await world.claim()
  expect(assignment!.params).toEqual({ at: fire!.fireAt, day: 'monday' })
  await world.succeed(assignment!)
  expect((await world.run(fire!.runId!)).state).toBe('SUCCESS')
})

test('a schedule names exactly one of a task and a DAG, and both exist', async () => {
  const dag = await world.dag('a')
  expect((await refusal(make(dag, { task: 'work' }))).problems).toMatchObject([{ path: '/body' }])
  expect((await refusal(make(undefined as never))).problems).toMatchObject([{ path: '/body' }])
  expect((await refusal(make('nothing'))).problems).toMatchObject([{ path: '/body/dag' }])
})

test('its parameters and those of a backfill must be complete under the schema of the DAG', async () => {
  const paramsSchema = { type: 'object', required: ['day'], properties: { day: { type: 'string' } } }
  const dag = await world.dag({ nodes: [{ code: 'a', task: 'work' }], edges: [], paramsSchema })
  expect((await refusal(make(dag))).problems).toMatchObject([{ path: '/body/params/day' }])
  const { code: schedule } = await make(dag, { params: { day: 'monday' } })
  expect(
    (await refusal(schedules().update({ params: { schedule }, body: { version: 1, params: { day: 1 } } }))).problems,
  ).toMatchObject([{ path: '/body/params/day' }])
  const body = { fromAt: Date.now() - 3_600_000, toAt: Date.now() - 3_400_000, params: { day: 5 } }
  expect((await refusal(schedules().createBackfill({ params: { schedule }, body }))).problems).toMatchObject([
    { path: '/body/params/day' },
  ])
})

test('while its DAG is disabled or paused its fires are recorded as skipped, and resumed it fires again', async () => {
  const dag = await world.dag('a')
  const schedule = await make(dag)
  const { dags } = api.tenantA.client
  for (const [stop, go] of [
    [() => dags.disable({ params: { dag } }), () => dags.enable({ params: { dag } })],
    [() => dags.pause({ params: { dag }, body: {} }), () => dags.resume({ params: { dag } })],
  ] as const) {
    await stop()
    expect(await fireOf(schedule)).toMatchObject({ outcome: 'SKIPPED', reason: 'DISABLED', runId: null })
    await go()
    expect(await fireOf(schedule)).toMatchObject({ outcome: 'RUN' })
  }
  await world.workOff()
})

test('while no version is active its fires are skipped, and say so', async () => {
  const { code } = await api.tenantA.client.dags.create({ body: { code: 'still-empty' } })
  expect(await fireOf(await make(code))).toMatchObject({ outcome: 'SKIPPED', reason: 'STATE_CONFLICT' })
})

test('what becomes of missed fires is said by the schedule, else by its DAG, else by Carillon', async () => {
  const dag = await world.dag('a', { policies: { misfire: { policy: 'SKIP' } } })
  expect((await make(dag)).effective.misfire).toEqual({ policy: 'SKIP' })
  expect((await make(dag, { misfire: { policy: 'FIRE_ONCE' } })).effective.misfire).toEqual({ policy: 'FIRE_ONCE' })
  expect((await make(await world.dag('a'))).effective.misfire).toEqual({ policy: 'FIRE_ONCE' })
})

test('a DAG with a schedule is not deleted, and its schedules are listed by it', async () => {
  const dag = await world.dag('a')
  const schedule = await make(dag)
  expect(await refusal(api.tenantA.client.dags.remove({ params: { dag } }))).toMatchObject({
    code: 'IN_USE',
    extra: { usedBy: [schedule.code] },
  })
  expect((await schedules().list({ query: { dag } })).items.map(({ code }) => code)).toEqual([schedule.code])
  expect((await schedules().preview({ params: { schedule: schedule.code } })).fires.length).toBe(1)
})

test('a backfill runs a DAG for each occurrence of the past', async () => {
  const dag = await world.dag('a')
  const now = Date.now()
  const schedule = await make(dag, { timing: { kind: 'FIXED_RATE', everyMs: 60_000, anchorAt: now - 3_600_000 } })
  const body = { fromAt: now - 3_600_000, toAt: now - 3_600_000 + 180_000, perMinute: 100_000 }
  await schedules().createBackfill({ params: { schedule: schedule.code }, body })
  await workOffBackfills(api.firing)
  const { items } = await api.tenantA.client.runs.list({ query: { dag } })
  expect(items.map(({ origin }) => origin)).toEqual(['BACKFILL', 'BACKFILL', 'BACKFILL'])
  await world.workOff()
  expect((await world.run(items[0]!.id)).state).toBe('SUCCESS')
})

test('a version whose schema does not take what a schedule gives is not put to work, alone or as the gray one', async () => {
  const versions = api.tenantA.client.dagVersions
  const paramsSchema = { type: 'object', properties: { day: { type: 'string' } } }
  const definition = { nodes: [{ code: 'a', task: 'work' }], edges: [] }
  const dag = await world.dag({ ...definition, paramsSchema })
  const { code } = await make(dag, { params: { day: 'monday' } })
  const strict = { ...paramsSchema, properties: { day: { type: 'integer' } }, required: ['hour'] }
  const { number } = await versions.create({ params: { dag }, body: { definition: { ...definition, paramsSchema: strict } } })
  const message = (at: string) => expect.stringMatching(new RegExp(`schedule ${code} .*: ${at}`))
  const path = '/definition/paramsSchema'
  for (const put of [
    () => versions.activate({ params: { dag, number }, body: {} }),
    () => api.tenantA.client.dags.setGray({ params: { dag }, body: { number, percent: 10 } }),
  ]) {
    const { problems } = await refusal(put())
    expect(problems.map((problem) => problem.path)).toEqual([path, path])
    expect(problems).toEqual(
      expect.arrayContaining([
        { path, message: message('/day') },
        { path, message: message('/hour') },
      ]),
    )
  }
  expect(await api.tenantA.client.dags.get({ params: { dag } })).toMatchObject({ active: 1, gray: null })
  const params = { hour: 1, day: 2 }
  await api.root.query(`update schedule set params = $2 where code = $1`, [code, JSON.stringify(params)])
  await versions.activate({ params: { dag, number }, body: {} })
})

test('a schedule may wait for a DAG of which no version is active, and is held against the first that is', async () => {
  const versions = api.tenantA.client.dagVersions
  await api.tenantA.client.dags.create({ body: { code: 'not-yet' } })
  const { code } = await make('not-yet', { params: { day: 1 } })
  const paramsSchema = { type: 'object', properties: { day: { type: 'string' } } }
  const definition = { nodes: [{ code: 'a', task: 'work' }], edges: [], paramsSchema }
  const params = { dag: 'not-yet', number: (await versions.create({ params: { dag: 'not-yet' }, body: { definition } })).number }
  expect((await refusal(versions.activate({ params, body: {} }))).problems).toMatchObject([
    { message: expect.stringContaining(`schedule ${code} `) },
  ])
  await schedules().update({ params: { schedule: code }, body: { version: 1, params: { day: 'monday' } } })
  await versions.activate({ params, body: {} })
})
