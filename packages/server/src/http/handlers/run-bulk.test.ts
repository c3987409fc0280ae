import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

// One thing done to all runs that match.

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  const { client } = api.tenantA
  await client.apps.create({ body: { code: 'app' } })
  await client.taskTypes.create({ body: { code: 'type', kind: 'handler', settings: { handler: 'h' }, app: 'app' } })
})
afterAll(() => api.close())

let task: string
let tasks = 0
beforeEach(async () => {
  task = `task-${++tasks}`
  await api.tenantA.client.tasks.create({ body: { code: task, type: 'type' } })
})

const bulk = () => api.tenantA.client.runBulk
async function trigger(count: number): Promise<number[]> {
  const { items } = await api.tenantA.client.runs.triggerMany({
    body: { items: Array.from({ length: count }, () => ({ task })) },
  })
  return items.map(({ runId }) => runId!)
}
const stateOf = async (run: number) => (await api.tenantA.client.runs.get({ params: { run } })).state

describe('all runs that match', () => {
  test('are shown before anything is done, with what it cannot be done to', async () => {
    const runs = await trigger(4)
    await api.tenantA.client.runs.cancel({ params: { run: runs[0]! } })
    await api.tenantA.client.runs.pause({ params: { run: runs[1]! } })
    const preview = await bulk().preview({ body: { action: 'cancel', filter: { task } } })
    expect(preview).toMatchObject({
      matches: { count: 3, more: false },
      others: { count: 1, more: false },
      states: [
        { state: 'PENDING', count: 2 },
        { state: 'PAUSED', count: 1 },
      ],
      otherStates: [{ state: 'CANCELLED', count: 1 }],
      upTo: runs[3],
    })
    expect(preview.sample.map(({ id }) => id)).toEqual([runs[3], runs[2], runs[1]])
    expect(await stateOf(runs[3]!)).toBe('PENDING')
  })

  test('are cancelled part by part, each answered by itself, and none that came after the preview', async () => {
    const runs = await trigger(250)
    const body = { action: 'cancel', filter: { task } } as const
    const { upTo } = await bulk().preview({ body })
    const [late] = await trigger(1)
    const first = await bulk().act({ body: { ...body, upTo: upTo! } })
    expect(first).toMatchObject({ succeeded: 200, failed: 0, nextCursor: expect.any(String) })
    expect(first.items[0]).toMatchObject({ runId: runs.at(-1), ok: true })
    const second = await bulk().act({ body: { ...body, upTo: upTo!, cursor: first.nextCursor! } })
    expect(second).toMatchObject({ succeeded: 50, nextCursor: null })
    expect([await stateOf(runs[0]!), await stateOf(late!)]).toEqual(['CANCELLED', 'PENDING'])
    const { rows } = await api.root.query(`select after from audit where operation = 'run.bulk' order by id desc limit 2`)
    expect(rows.map(({ after }) => [after.action, after.filter, after.runs.length])).toEqual([
      ['cancel', { task }, 50],
      ['cancel', { task }, 200],
    ])
  })

  test('are run again once, also when a part is sent twice', async () => {
    const runs = await trigger(3)
    await api.tenantA.client.runs.cancelMany({ body: { runs } })
    const body = { action: 'retry', filter: { task, state: ['CANCELLED', 'RUNNING'] } } as const
    const { upTo, matches } = await bulk().preview({ body: { ...body, filter: { task, state: ['CANCELLED', 'RUNNING'] } } })
    expect(matches.count).toBe(3)
    const part = { ...body, filter: { task, state: ['CANCELLED' as const] }, upTo: upTo! }
    expect((await bulk().act({ body: part })).succeeded).toBe(3)
    expect(await bulk().act({ body: part })).toEqual({ items: [], succeeded: 0, failed: 0, nextCursor: null })
    expect((await bulk().preview({ body: { action: 'retry', filter: { task } } })).matches.count).toBe(0)
  })

  test('are run again by their numbers from what failed, once: while that runs, it is refused of each', async () => {
    const runs = await trigger(2)
    await api.tenantA.client.runs.cancelMany({ body: { runs } })
    const { items } = await api.tenantA.client.runs.retryMany({ body: { runs, from: 'FAILED' } })
    expect(items).toMatchObject([{ ok: true }, { ok: true }])
    const again = await api.tenantA.client.runs.retryMany({ body: { runs, from: 'FAILED' } })
    expect(again.items.map(({ code }) => code)).toEqual(['STATE_CONFLICT', 'STATE_CONFLICT'])
  })

  test('of another tenant do not match', async () => {
    const [run] = await trigger(1)
    const other = api.tenantB.client.runBulk
    const { matches, upTo } = await other.preview({ body: { action: 'cancel', filter: {} } })
    expect([matches.count, upTo]).toEqual([0, null])
    expect((await other.act({ body: { action: 'cancel', filter: {}, upTo: run! } })).items).toEqual([])
    expect(await stateOf(run!)).toBe('PENDING')
  })

  test('are left alone by who may not', async () => {
    const viewer = api.client(await api.token(api.tenantA.id, 'viewer')).runBulk
    expect((await viewer.preview({ body: { action: 'pause', filter: { task } } })).upTo).toBeNull()
    expect((await refusal(viewer.act({ body: { action: 'pause', filter: { task }, upTo: 1 } }))).code).toBe('FORBIDDEN')
  })
})
