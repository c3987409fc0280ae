import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  const { apps, taskTypes } = api.tenantA.client
  await apps.create({ body: { code: 'app' } })
  await taskTypes.create({ body: { code: 'work', kind: 'handler', settings: { handler: 'h' }, app: 'app' } })
})
afterAll(() => api.close())

const client = () => api.tenantA.client
const newTask = (code: string, more: object) => client().tasks.create({ body: { code, type: 'work', ...more } })
const routeKeyOf = async (code: string) => {
  const { rows } = await api.root.query(
    `select q.route_key from task t join plan p on p.id = t.plan_id join queue q on q.id = (p.body #>> '{nodes,0,queueId}')::int where t.code = $1`,
    [code],
  )
  return rows[0].route_key
}

describe('the policy route', () => {
  test('is a word, or an object with what else there is to say; instances are placed where it does more than spread load', async () => {
    const plain = await newTask('plain', { policies: { route: 'LEAST_LOADED' } })
    expect(plain.effective.route).toBe('LEAST_LOADED')
    expect(await routeKeyOf('plain')).toBeNull()
    const route = {
      strategy: 'CONSISTENT_HASH',
      key: 'customer.id',
      failover: true,
      executors: [{ instance: 'a', weight: 3, priority: 9 }, { instance: 'b' }],
    }
    const hashed = await newTask('hashed', { policies: { route } })
    expect(hashed.effective.route).toEqual(route)
    expect(await routeKeyOf('hashed')).toBe(`task:${hashed.id}`)
    const back = await client().tasks.update({ params: { task: 'hashed' }, body: { version: 1, policies: { route: null } } })
    expect([back.effective.route, await routeKeyOf('hashed')]).toEqual(['ROUND_ROBIN', null])
  })

  test.each([
    ['a strategy that there is not', 'BEST', '', 'must be one of ROUND_ROBIN'],
    ['the same inside', { strategy: 'BEST' }, '/strategy', 'must be one of ROUND_ROBIN'],
    ['nothing but a key', { key: 'x' }, '/strategy', 'is required'],
    ['a word that there is not', { strategy: 'FIRST', failower: true }, '/failower', 'did you mean failover?'],
    ['a key that nobody goes by', { strategy: 'RANDOM', key: 'x' }, '/key', 'it is for STICKY and CONSISTENT_HASH'],
    ['failover where there is nothing to wait for', { strategy: 'LRU', failover: true }, '/failover', 'free place'],
    ['FAILOVER without it', { strategy: 'FAILOVER', failover: false }, '/failover', 'FIRST waits'],
    ['weights that are not there', 'WEIGHTED_ROUND_ROBIN', '', 'has to name the executors with their weights'],
    ['no executors', { strategy: 'FIRST', executors: [] }, '/executors', 'fewer than 1'],
    ['a weight of nothing', { strategy: 'FIRST', executors: [{ instance: 'a', weight: 0 }] }, '/executors/0/weight', '>= 1'],
    [
      'one named twice',
      { strategy: 'FIRST', executors: [{ instance: 'a' }, { instance: 'a' }] },
      '/executors/1/instance',
      'second time',
    ],
  ])('with %s is refused', async (_, route, path, message) => {
    const { problems } = await refusal(newTask('wrong', { policies: { route } }))
    expect(problems[0]).toMatchObject({ path: `/body/policies/route${path}`, message: expect.stringContaining(message) })
  })

  test('says in a list which executors alone may take a task, also where its type says so', async () => {
    const defaults = { route: { strategy: 'RANDOM' as const, executors: [{ instance: 'a' }, { instance: 'b' }] } }
    await client().taskTypes.create({
      body: { code: 'bound', kind: 'handler', settings: { handler: 'h' }, app: 'app', defaults },
    })
    await client().tasks.create({ body: { code: 'bound-by-type', type: 'bound' } })
    await client().tasks.create({ body: { code: 'bound-anew', type: 'bound', policies: { route: 'RANDOM' } } })
    const { items } = await client().tasks.list({ query: { type: 'bound' } })
    expect(items.map(({ code, executors }) => [code, executors])).toEqual([
      ['bound-anew', null],
      ['bound-by-type', ['a', 'b']],
    ])
  })

  test('is checked in the defaults of a type too', async () => {
    const body = {
      code: 'wrong',
      kind: 'handler',
      settings: { handler: 'h' },
      app: 'app',
      defaults: { route: { strategy: 'LFU', key: 'x' } },
    }
    expect((await refusal(client().taskTypes.create({ body: body as never }))).problems[0]?.path).toBe('/body/defaults/route/key')
  })

  test('of a node may do more than spread load only where that of its task does', async () => {
    const definition = (task: string) => ({ nodes: [{ code: 'only', task, route: 'FIRST' as const }], edges: [] })
    const apply = (code: string, task: string) =>
      client().definitions.apply({ body: { documents: [{ kind: 'Dag', code, ...definition(task) }] as never } })
    await newTask('sticky', { policies: { route: 'STICKY' } })
    await expect(apply('right', 'sticky')).resolves.toBeDefined()
    expect(JSON.stringify(await apply('wrong', 'plain').catch((error: { problems: unknown }) => error.problems))).toContain(
      'asks for FIRST, but instances of the task plain go to whoever asks first; set a route',
    )
  })
})

describe('the label selector', () => {
  test('takes values, lists of them and what is not wanted', async () => {
    const selector = { env: 'prod', zone: { in: ['a', 'b'] }, gpu: { notIn: ['none'] } }
    const task = await newTask('selecting', { environment: { selector } })
    expect(task.environment.selector).toEqual(selector)
    const { rows } = await api.root.query(
      `select selected(l, $1) as it from unnest(array['{"env":"prod","zone":"b"}', '{"env":"prod","zone":"c"}', '{"env":"prod","zone":"a","gpu":"none"}', '{"zone":"a"}']::jsonb[]) l`,
      [selector],
    )
    expect(rows.map(({ it }) => it)).toEqual([true, false, false, false])
  })
  test.each([
    ['an empty list', { zone: { in: [] } }, '/zone/in'],
    ['a condition that there is not', { zone: { like: ['a'] } }, '/zone/like'],
    ['more than a queue can hold', { zone: { in: Array.from({ length: 50 }, (_, n) => `zone-${n}`.padEnd(30, 'x')) } }, ''],
  ])('with %s is refused', async (_, selector, path) => {
    const { problems } = await refusal(newTask('wrong', { environment: { selector } }))
    expect(problems.map((each) => each.path)).toContain(`/body/environment/selector${path}`)
  })
})
