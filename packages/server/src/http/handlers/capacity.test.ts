import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.close())

const client = () => api.tenantA.client
const laneOf = async (task: string) => {
  const { rows } = await api.root.query(
    `select q.lane from task t join plan p on p.id = t.plan_id join queue q on q.id = (p.body #>> '{nodes,0,queueId}')::int
     where t.code = $1 and t.deleted_at is null`,
    [task],
  )
  return rows[0].lane
}

/** An app with rules and one type of work. */
async function newApp(code: string, capacity: object[]) {
  const app = await client().apps.create({ body: { code, capacity } })
  await client().taskTypes.create({ body: { code: `${code}-work`, kind: 'handler', settings: { handler: 'h' }, app: code } })
  const newTask = (task: string, labels: Record<string, string> = {}) =>
    client().tasks.create({ body: { code: task, type: `${code}-work`, labels } })
  return { app, newTask }
}

async function executor(app: string, capacity: number) {
  const token = await api.token(api.tenantA.id, 'executor')
  const body = { protocol: 1, app, instance: 'e', mode: 'PULL', handlers: ['h'], capacity }
  const { body: registered } = await api.call({ method: 'POST', url: '/executor/v1/register', token, body })
  let seq = 0
  return {
    claim: async () => {
      const claim = { session: registered.session, seq: ++seq, max: capacity, waitMs: 0 }
      const answer = await api.call({ method: 'POST', url: '/executor/v1/claim', token, body: claim })
      return (answer.body.assignments as { instance: number }[]).map(({ instance }) => instance)
    },
  }
}

const trigger = async (task: string, times: number) => {
  const runs: number[] = []
  for (let n = 0; n < times; n++) runs.push((await client().runs.trigger({ params: { task }, body: {} })).runId)
  return runs
}
const whyOf = async (run: number) => (await client().runs.get({ params: { run } })).instances[0]?.why

describe('CON-4 the capacity of an app', () => {
  test('is kept from what is over it, which says so and names a run that holds a place', async () => {
    const { newTask } = await newApp('limited', [{ label: 'team=reports', limit: 2 }])
    await newTask('report', { team: 'reports' })
    await newTask('rest')
    const runs = await trigger('report', 3)
    const [rest] = await trigger('rest', 1)
    const { claim } = await executor('limited', 10)
    expect(new Set(await claim())).toEqual(new Set([runs[0], runs[1], rest]))
    expect(await whyOf(runs[2]!)).toEqual({
      reason: 'CAPACITY',
      detail: `The app limited gives the label team=reports at most 2 places at once; run ${runs[0]} holds one.`,
      heldBy: runs[0],
    })
  })

  test('is kept for whom it is reserved to, and what waits says for whom', async () => {
    const { newTask } = await newApp('reserved', [{ task: 'urgent', reserve: 2 }])
    await newTask('urgent')
    await newTask('usual')
    const usual = await trigger('usual', 4)
    const { claim } = await executor('reserved', 3)
    expect(await claim()).toEqual([usual[0]])
    expect(await whyOf(usual[1]!)).toEqual({
      reason: 'CAPACITY',
      detail: 'The app reserved keeps 2 places for the task urgent, and no other is free.',
    })
    expect(await claim()).toEqual([])
    const urgent = await trigger('urgent', 2)
    expect(await claim()).toEqual(urgent)
  })

  test('follows the labels and the code of a task, and the rules of its app', async () => {
    const { newTask } = await newApp('moving', [{ label: 'team=reports', limit: 2 }])
    await newTask('mover')
    expect(await laneOf('mover')).toEqual([])
    await client().tasks.bulk({ body: { tasks: ['mover'], action: 'label', labels: { team: 'reports' } } })
    expect(await laneOf('mover')).toEqual(['label:team=reports'])
    await client().apps.update({
      params: { app: 'moving' },
      body: {
        version: 1,
        capacity: [
          { task: 'moved', limit: 1 },
          { label: 'team=reports', executor: '*', limit: 2 },
        ],
      },
    })
    expect(await laneOf('mover')).toEqual(['label:team=reports'])
    await client().tasks.update({ params: { task: 'mover' }, body: { version: 2, code: 'moved' } })
    expect(await laneOf('moved')).toEqual(['label:team=reports', 'task:moved'])
    await client().apps.restore({ params: { app: 'moving' }, body: { version: 2, revision: 1 } })
    expect(await laneOf('moved')).toEqual(['label:team=reports'])
    await client().apps.update({ params: { app: 'moving' }, body: { version: 3, capacity: [] } })
    expect(await laneOf('moved')).toEqual([])
  })

  test('is applied with the app, before its tasks are there, and comes out as it went in', async () => {
    const capacity = [{ task: 'later', limit: 3, reserve: 1 }]
    const document = { kind: 'App' as const, code: 'applied', capacity }
    await client().definitions.apply({ body: { documents: [document] } })
    expect((await client().apps.get({ params: { app: 'applied' } })).capacity).toEqual(capacity)
    const { items } = await client().definitions.export({ query: { kind: 'App', code: 'applied' } })
    expect(items).toMatchObject([document])
  })

  test('of an edit of the app and of its task at the same moment both count', async () => {
    const { newTask } = await newApp('racing', [])
    await newTask('racer', { team: 'a' })
    for (let version = 1; version <= 5; version++) {
      const labels = { team: version % 2 === 0 ? 'a' : 'b' }
      await Promise.all([
        client().apps.update({
          params: { app: 'racing' },
          body: { version, capacity: [{ label: `team=${labels.team}`, limit: version }] },
        }),
        client().tasks.update({ params: { task: 'racer' }, body: { version, labels } }),
      ])
      expect(await laneOf('racer')).toEqual([`label:team=${labels.team}`])
    }
  })

  test.each([
    ['nobody', [{ limit: 1 }], '/0', 'one of task, label and tenant'],
    ['two at once', [{ task: 'a', label: 'b=c', limit: 1 }], '/0', 'one of task, label and tenant'],
    ['no number', [{ task: 'a' }], '/0', 'a limit, a reserve, or both'],
    ['more reserved than allowed', [{ task: 'a', limit: 1, reserve: 2 }], '/0/reserve', 'above the limit'],
    ['a tenant in an app of its own', [{ tenant: 'a', limit: 1 }], '/0/tenant', 'apps that the platform shares'],
    [
      'the same twice',
      [
        { task: 'a', limit: 1 },
        { task: 'a', reserve: 1 },
      ],
      '/1',
      'the same as one before',
    ],
    ['a label without a value', [{ label: 'a', limit: 1 }], '/0/label', ''],
    ['a word that there is not', [{ task: 'a', limits: 1 }], '/0/limits', 'limit'],
  ])('for %s is refused', async (_, capacity, path, message) => {
    const { problems } = await refusal(client().apps.create({ body: { code: 'wrong', capacity: capacity as never } }))
    expect(problems[0]).toMatchObject({ path: `/body/capacity${path}`, message: expect.stringContaining(message) })
  })

  test('of an app that tenants share is divided among them alone', async () => {
    const platform = api.client(api.platform)
    const body = (rule: object) => ({ body: { code: 'everyones', shared: true, capacity: [rule] } })
    const { problems } = await refusal(platform.apps.create(body({ task: 'a', limit: 1 })))
    expect(problems[0]).toMatchObject({ path: '/body/capacity/0', message: expect.stringContaining('must name a tenant') })
    expect((await platform.apps.create(body({ tenant: 'a', limit: 1 }))).capacity).toEqual([{ tenant: 'a', limit: 1 }])
  })
})
