import type { Wait } from '@carillon/contract'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newWaitWatch, noteWaits } from '../../definition/note-waits.ts'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'
import { createDagWorld, type DagWorld } from './dag-runs.test-helper.ts'

// How an instance has waited, as the scheduler wrote it down while it did.

let api: TestApi
let world: DagWorld
beforeAll(async () => {
  api = await startTestApi()
  world = await createDagWorld(api)
  await api.tenantA.client.tasks.create({
    body: { code: 'one-at-a-time', type: 'work', policies: { concurrency: { policy: 'SEQUENTIAL' } } },
  })
})
afterAll(() => api.close())

let watch = newWaitWatch()
beforeEach(() => {
  watch = newWaitWatch()
})
const look = () => noteWaits(api.engine, watch, 0)
/** As if all that happened had been so much earlier. */
const age = (run: number, ms: number) =>
  api.root.query(
    `update instance_live set created_at = created_at - $2::bigint * interval '1 ms',
       waits = (select jsonb_agg(jsonb_set(w, '{1}', to_jsonb((w ->> 1)::bigint - $2::bigint)) order by n) from jsonb_array_elements(waits) with ordinality as e (w, n))
     where run_id = $1::bigint`,
    [run, ms],
  )
const detail = (instance: number) => api.tenantA.client.instances.get({ params: { instance } })
const trigger = async (task: string) => (await api.tenantA.client.runs.trigger({ params: { task }, body: {} })).runId
/** Beside its turn, which may come in the same millisecond. */
const reasons = (waits: readonly Wait[]) =>
  waits.map(({ reason }) => reason).filter((reason) => reason !== 'QUEUED' && reason !== 'RESERVED')
/** That there is no gap between them, from when it was made until it started. */
async function expectWhole(instance: number): Promise<readonly Wait[]> {
  const { waits, createdAt, startedAt } = await detail(instance)
  const total = waits.reduce((sum, { since, until }) => sum + until! - since, 0)
  expect(total).toBe(startedAt! - createdAt)
  return waits
}

test('adds up to the whole wait: for a slot that a run held, paused, and for an app that was', async () => {
  const first = await trigger('one-at-a-time')
  const run = await trigger('one-at-a-time')
  await age(run, 40_000)
  const [held] = await world.claim()
  await world.succeed(held!)
  await api.tenantA.client.runs.pause({ params: { run } })
  await age(run, 12_000)
  await api.tenantA.client.runs.resume({ params: { run } })
  await age(run, 5_000)
  const { version } = await api.tenantA.client.apps.get({ params: { app: 'works' } })
  await api.tenantA.client.apps.update({ params: { app: 'works' }, body: { version, paused: true } })
  await look()
  await look()
  const open = (await detail(run)).waits
  expect(open.at(-1)).toMatchObject({ reason: 'APP_PAUSED', detail: 'The app works is paused.', until: null })
  await api.tenantA.client.apps.update({ params: { app: 'works' }, body: { version: version + 1, paused: false } })
  const [given] = await world.claim()
  expect(given!.run).toBe(run)
  await world.succeed(given!)
  await look()
  const waits = await expectWhole(run)
  expect(reasons(waits)).toEqual(['SLOT', 'PAUSED', 'APP_PAUSED'])
  expect(waits[0]).toMatchObject({ heldBy: first })
  expect(waits[0]!.until! - waits[0]!.since).toBeGreaterThanOrEqual(40_000)
})

test('a node has waited for what is upstream, and what starts at once has left nothing behind', async () => {
  const run = await world.trigger(await world.dag('a>b'))
  await age(run, 3_000)
  await world.workOff()
  expect(reasons(await expectWhole((await world.node(run, 'b')).id))).toEqual(['DEPENDENCY'])
  const quick = await trigger('work')
  await world.workOff()
  const left = await api.root.query(`select waits from instance_history where id = $1`, [quick])
  expect(left.rows).toEqual([{ waits: null }])
  expect((await api.root.query(`select from queue_wait where until is null`)).rowCount).toBe(0)
})

test('is nothing that another tenant sees', async () => {
  const run = await trigger('work')
  expect((await refusal(api.tenantB.client.instances.get({ params: { instance: run } }))).code).toBe('NOT_FOUND')
  await world.workOff()
})
