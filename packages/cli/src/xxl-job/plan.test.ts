import { ROUTE_STRATEGIES } from '@carillon/core'
import { describe, expect, test } from 'vitest'
import { documentsOf, schedulesToResume } from './documents.ts'
import { planImport, type PlanOptions } from './plan.ts'
import { readDump } from './read-dump.ts'
import { dumpOf, NAMINGS, ordersDatabase, type Fields } from './xxl-database.test-helper.ts'
import { readXxlTables, wantedOfXxl } from './xxl-tables.ts'
import type { Naming } from './xxl-tables.ts'

const OPTIONS: PlanOptions = {
  timezone: 'Asia/Shanghai',
  executors: 'xxl-job',
  now: Date.UTC(2026, 10, 21),
  routes: ROUTE_STRATEGIES,
}
const read = (dump: string) => readXxlTables(readDump([dump], wantedOfXxl))

const CRON = { schedule_type: 'CRON', schedule_conf: '0 0 2 * * ?' }
const BEAN = { job_group: 1, executor_handler: 'work', executor_route_strategy: 'ROUND', ...CRON }

interface Given {
  readonly options?: Partial<PlanOptions>
  readonly groups?: readonly Fields[]
}

/** The plan for jobs of one group; what a job leaves out is as in most databases. */
async function plan(jobs: readonly Fields[], { options = {}, groups = [{ id: 1, app_name: 'app' }] }: Given = {}) {
  const database = await read(
    dumpOf({ naming: '2.3 – 3.4', groups, jobs: jobs.map((job, at) => ({ id: at + 1, ...BEAN, ...job })) }),
  )
  return planImport(database, { ...OPTIONS, ...options })
}

async function planOne(job: Fields, options: Partial<PlanOptions> = {}) {
  const { tasks, types, findings } = await plan([job], { options })
  return { task: tasks[0], type: types[0], found: findings.map(({ kind, text }) => `${kind} ${text}`) }
}

test('handlers of two apps are two types, wherever the dots in their names are', async () => {
  const groups = [
    { id: 1, app_name: 'orders' },
    { id: 2, app_name: 'orders.api' },
  ]
  const jobs = [
    { job_group: 1, executor_handler: 'api.sync' },
    { job_group: 2, executor_handler: 'sync' },
  ]
  const { tasks, types } = await plan(jobs, { groups })
  expect(tasks.map(({ type }) => types.find(({ code }) => code === type)?.app)).toEqual(['orders', 'orders.api'])
})

test('the plan of a database is the same whatever version it is of, and each time', async () => {
  const plans = await Promise.all(
    NAMINGS.map(async (naming: Naming) => ({ ...planImport(await read(dumpOf(ordersDatabase(naming))), OPTIONS), naming: '' })),
  )
  expect(plans[1]).toEqual(plans[0])
  expect(plans[2]).toEqual(plans[0])
  const { apps, types, tasks, findings, users, lastLogId } = plans[0]!
  expect(apps).toEqual([
    { code: 'order-service', name: '订单服务', groups: [1] },
    { code: 'scripts', name: 'Scripts', groups: [2] },
  ])
  expect(types.map(({ code, app, work, settings }) => [code, app, work, settings])).toEqual([
    ['order-service.closeExpired', 'order-service', 'xxl-job', { handler: 'closeExpired' }],
    ['order-service.sendReport', 'order-service', 'xxl-job', { handler: 'sendReport' }],
    ['xxl-14', 'scripts', 'xxl-job', { glue: 'GLUE_SHELL', source: "#!/bin/bash\necho 'hi \\n' $1\n" }],
  ])
  expect(tasks.map(({ job, code, ran, downstream }) => [job, code, ran, downstream])).toEqual([
    [12, 'xxl-12', true, ['xxl-13', 'xxl-14']],
    [13, 'xxl-13', false, []],
    [14, 'xxl-14', false, []],
  ])
  expect(tasks[0]).toMatchObject({
    ...{ name: "关闭过期订单; it's late", owner: 'ada', params: { executorParam: 'days=3\nregion="north"' } },
    schedule: { timing: { kind: 'CRON', expression: '0 0 2 * * ?', timezone: 'Asia/Shanghai' }, misfire: { policy: 'SKIP' } },
    policies: {
      ...{ timeoutMs: 60_000, retry: { maxRetries: 2 }, delivery: 'AT_LEAST_ONCE' },
      ...{ concurrency: { policy: 'SEQUENTIAL' }, route: 'ROUND_ROBIN' },
    },
  })
  expect(findings.filter(({ kind }) => kind === 'LEFT_OUT')).toEqual([
    { kind: 'LEFT_OUT', text: 'Its child job: the link closes a loop: 13 → 12 → 13', jobs: [13] },
  ])
  expect(users.map(({ name }) => name)).toEqual(['ada', 'admin'])
  expect(lastLogId).toBe(4711)
})

describe('schedules', () => {
  const scheduleOf = async (conf: Fields) => {
    const { task, found } = await planOne(conf)
    return [task!.schedule?.timing ?? null, found] as const
  }
  test.each(['0 0/5 * * * ?', '0 15 10 L * ?', '0 0 12 ? * 6#3', '0 0 0 LW * ?', '0 0 2 ? * MON-FRI', '0 0 12 1 1 ? 2030-2040'])(
    'the cron "%s" of Quartz',
    async (expression) => {
      expect(await scheduleOf({ schedule_conf: expression })).toEqual([
        { kind: 'CRON', expression, timezone: 'Asia/Shanghai' },
        [],
      ])
    },
  )
  test.each([
    ['* * * * *', '5 fields, where xxl-job takes 6 or 7'],
    ['@daily', '1 fields'],
    ['0 0 25 * * ?', 'hour'],
    ['', '1 fields'],
    ['0 0 12 1 1 ? 2020', 'never fires again'],
    ['0 0 0 30 2 ?', 'never'],
  ])('the cron "%s" is told, and its task comes without', async (schedule_conf, why) => {
    const { task, found } = await planOne({ schedule_conf, trigger_status: 1 })
    expect(task!.schedule).toBeNull()
    expect(found).toEqual([expect.stringContaining(why)])
    expect(found[0]).toContain(`LEFT_OUT Its schedule (CRON "${schedule_conf}"): `)
  })
  test('a fixed rate goes on in the beat that it had', async () => {
    const rate = { schedule_type: 'FIX_RATE', schedule_conf: '600' }
    expect(await scheduleOf({ ...rate, trigger_next_time: 1_800_000_123_456 })).toEqual([{ kind: 'FIXED_RATE', everyMs: 600_000, anchorAt: 123_000 }, []]) // prettier-ignore
    expect(await scheduleOf({ ...rate, trigger_next_time: 1_800_000_723_999 })).toEqual([{ kind: 'FIXED_RATE', everyMs: 600_000, anchorAt: 123_000 }, []]) // prettier-ignore
    expect(await scheduleOf(rate)).toEqual([{ kind: 'FIXED_RATE', everyMs: 600_000 }, []])
  })
  test.each([
    ['FIX_RATE', '0'],
    ['FIX_RATE', '10s'],
    ['FIX_RATE', '9999999999'],
    ['FIX_DELAY', '10'],
  ])('%s "%s" is told', async (schedule_type, schedule_conf) => {
    const [timing, found] = await scheduleOf({ schedule_type, schedule_conf })
    expect([timing, found.length]).toEqual([null, 1])
  })
  test('NONE is a task without one', async () => {
    expect(await scheduleOf({ schedule_type: 'NONE', schedule_conf: '' })).toEqual([null, []])
  })
  test.each([
    ['DO_NOTHING', 'SKIP', 0],
    ['FIRE_ONCE_NOW', 'FIRE_ONCE', 0],
    ['RUN_TWICE', 'SKIP', 1],
  ])('the misfire strategy %s is %s', async (misfire_strategy, policy, told) => {
    const { task, found } = await planOne({ misfire_strategy })
    expect([task!.schedule!.misfire, found.length]).toEqual([{ policy }, told])
  })
})

describe('how it runs', () => {
  test.each([
    ['SERIAL_EXECUTION', 'SEQUENTIAL', 0],
    ['DISCARD_LATER', 'SINGLETON', 0],
    ['COVER_EARLY', 'REPLACE', 0],
    ['CONCURRENT', 'SEQUENTIAL', 1],
  ])('the block strategy %s is %s', async (executor_block_strategy, policy, told) => {
    const { task, found } = await planOne({ executor_block_strategy })
    expect([task!.policies.concurrency, found.length]).toEqual([{ policy }, told])
  })

  const EVERY = [
    'FIRST',
    'LAST',
    'ROUND_ROBIN',
    'RANDOM',
    'CONSISTENT_HASH',
    'LFU',
    'LRU',
    'FAILOVER',
    'BUSYOVER',
    'LEAST_LOADED',
  ]
  const OLD = ['ROUND_ROBIN', 'RANDOM', 'LEAST_LOADED']
  test.each([
    ['FIRST', 'FIRST', 'ROUND_ROBIN'],
    ['LAST', 'LAST', 'ROUND_ROBIN'],
    ['ROUND', 'ROUND_ROBIN', 'ROUND_ROBIN'],
    ['RANDOM', 'RANDOM', 'RANDOM'],
    ['CONSISTENT_HASH', 'CONSISTENT_HASH', 'ROUND_ROBIN'],
    ['LEAST_FREQUENTLY_USED', 'LFU', 'ROUND_ROBIN'],
    ['LEAST_RECENTLY_USED', 'LRU', 'ROUND_ROBIN'],
    ['FAILOVER', 'FAILOVER', 'ROUND_ROBIN'],
    ['BUSYOVER', 'BUSYOVER', 'LEAST_LOADED'],
  ])('the route strategy %s is %s; where that is not there %s takes its place, which is told', async (name, route, instead) => {
    const job = { executor_route_strategy: name }
    const known = await planOne(job, { routes: EVERY })
    expect([known.task!.policies.route, known.found]).toEqual([route, []])
    const old = await planOne(job, { routes: OLD })
    expect([old.task!.policies.route, old.found.length]).toEqual([instead, route === instead ? 0 : 1])
  })
  test('an unknown route strategy is told', async () => {
    expect((await planOne({ executor_route_strategy: 'MINE' }, { routes: EVERY })).found).toEqual([
      'DIFFERS The route strategy MINE is not there: ROUND_ROBIN takes its place',
    ])
  })
  test('a broadcast is one run with a shard for each executor', async () => {
    const { task } = await planOne({ executor_route_strategy: 'SHARDING_BROADCAST' })
    expect(task!.policies).toMatchObject({ shards: { mode: 'BROADCAST' } })
    expect(task!.policies).not.toHaveProperty('route')
  })
  test('without fail retries nothing is started twice, not even what was lost; no time-out is none', async () => {
    const { task } = await planOne({ executor_fail_retry_count: 0, executor_timeout: 0 })
    expect(task!.policies).toMatchObject({ delivery: 'AT_MOST_ONCE', retry: { maxRetries: 0 }, timeoutMs: 0 })
  })
  test('values beyond what there can be become the most, or none, which is told', async () => {
    const { task, found } = await planOne({ executor_fail_retry_count: 101, executor_timeout: 2_592_001 })
    expect(task!.policies).toMatchObject({ retry: { maxRetries: 100 }, timeoutMs: 2_592_000_000 })
    expect(found).toHaveLength(2)
    expect((await planOne({ executor_fail_retry_count: -1 })).task!.policies.retry).toMatchObject({ maxRetries: 0 })
  })
})

describe('what it does', () => {
  const glue = (type: string, source = 'print(1)') => ({
    glue_type: type,
    glue_source: source,
    executor_handler: '',
    executor_param: 'x',
  })

  test('jobs with the same handler of an app have one type; their codes go by their numbers', async () => {
    const { types, tasks } = await plan([{}, {}, { executor_handler: 'other' }])
    expect(types.map(({ code }) => code)).toEqual(['app.work', 'app.other'])
    expect(tasks.map(({ code, type }) => [code, type])).toEqual([['xxl-1', 'app.work'], ['xxl-2', 'app.work'], ['xxl-3', 'app.other']]) // prettier-ignore
  })
  test('names that can be no code get one of their own, the same each time', async () => {
    const groups = [
      { id: 1, app_name: '订单' },
      { id: 2, app_name: '库存' },
      { id: 3, app_name: 'a b' },
      { id: 4, app_name: 'a-b' },
      { id: 5, app_name: '2026' },
    ]
    const { apps, types, findings } = await plan(
      [{ executor_handler: 'do it!' }, { job_group: 4, executor_handler: 'x'.repeat(100) }],
      { groups },
    )
    expect(new Set(apps.map(({ code }) => code)).size).toBe(5)
    expect(apps[3]!.code).toBe('a-b')
    expect(apps[0]!.code).toMatch(/^x-[0-9a-f]{8}$/)
    for (const { code } of [...apps, ...types]) expect(code).toMatch(/^(?![0-9]+$)[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/)
    expect(types[1]!.settings).toEqual({ handler: 'x'.repeat(100) })
    expect(findings.map(({ text }) => text).filter((text) => text.includes('is called'))).toHaveLength(4)
  })
  test.each(['GLUE_GROOVY', 'GLUE_SHELL', 'GLUE_PYTHON', 'GLUE_PYTHON2', 'GLUE_NODEJS', 'GLUE_POWERSHELL', 'GLUE_PHP'])(
    'executors of xxl-job get scripts of %s as they are',
    async (type) => {
      const { task, type: made, found } = await planOne(glue(type))
      expect(made).toMatchObject({ code: 'xxl-1', work: 'xxl-job', settings: { glue: type, source: 'print(1)' } })
      expect([task!.params, found]).toEqual([{ executorParam: 'x' }, []])
    },
  )
  test.each([
    ['GLUE_SHELL', 'shell', 2],
    ['GLUE_PYTHON', 'python', 1],
    ['GLUE_NODEJS', 'node', 2],
  ])('executors of Carillon run scripts of %s, called as xxl-job calls them', async (type, language, told) => {
    const { task, type: made, found } = await planOne(glue(type), { executors: 'carillon' })
    expect(made).toMatchObject({ work: 'script', settings: { language, code: 'print(1)', args: ['x', '0', '1'] } })
    expect([task!.params, found.length]).toEqual([{}, told])
  })
  test('executors of Carillon have the handlers under the names that they had', async () => {
    const { type } = await planOne({ executor_param: '' }, { executors: 'carillon' })
    expect(type).toMatchObject({ code: 'app.work', work: 'handler', settings: { handler: 'work' } })
  })
  test.each([
    ['no handler', { executor_handler: '' }, 'it names no handler'],
    ['an empty script', glue('GLUE_SHELL', ' \n'), 'its script is empty'],
    ['an unknown type', glue('GLUE_COBOL'), 'its type GLUE_COBOL is not known'],
    ['too large a script', glue('GLUE_SHELL', 'x'.repeat(262_145)), 'its script is longer than 262144 characters'],
    ['a group that is gone', { job_group: 9 }, 'its executor group does not exist'],
  ])('a job with %s is left out, and so is what would start it', async (_, job, why) => {
    const { tasks, findings } = await plan([{ child_jobid: '2' }, job])
    expect(tasks.map(({ job: id }) => id)).toEqual([1])
    expect(findings.map(({ kind, text, jobs }) => [kind, text, jobs])).toEqual([
      ['LEFT_OUT', expect.stringContaining(why), [2]],
      ['LEFT_OUT', expect.stringContaining('job 2 is not imported'), [1]],
    ])
  })
  test('alarm addresses, and texts that were no UTF-8, are told once for all jobs', async () => {
    const { findings } = await plan([{ alarm_email: 'a@b.c' }, { alarm_email: 'd@e.f', job_desc: 'caf\uFFFD' }])
    expect(findings.map(({ kind, jobs }) => [kind, jobs])).toEqual([['LEFT_OUT', [1, 2]], ['DIFFERS', [2]]]) // prettier-ignore
  })
  test('groups of one app name are one app; one without a name is none', async () => {
    const groups = [
      { id: 1, app_name: 'app', title: 'Registered' },
      { id: 2, app_name: 'app', title: 'By hand', address_type: 1, address_list: 'http://10.0.0.1:9999' },
      { id: 3, app_name: ' ', title: 'Nameless' },
    ]
    const { apps, tasks, findings } = await plan([{}, { job_group: 2 }], { groups })
    expect(apps).toEqual([{ code: 'app', name: 'Registered', groups: [1, 2] }])
    expect(tasks.map(({ type }) => type)).toEqual(['app.work', 'app.work'])
    expect(findings.map(({ kind }) => kind)).toEqual(['DIFFERS', 'LEFT_OUT', 'TO_DO'])
  })
  test('executors whose addresses were typed in are registered by hand, each once; what is no address is told', async () => {
    const typed = 'http://10.0.0.1:9999/,10.0.0.2:9999,http://10.0.0.1:9999/,ftp://10.0.0.3'
    const groups = [{ id: 1, app_name: 'app', address_type: 1, address_list: typed }]
    const made = await plan([{}], { groups, options: { executors: 'xxl-job' } })
    expect(made.executors).toEqual([
      { app: 'app', address: 'http://10.0.0.1:9999/' },
      { app: 'app', address: 'http://10.0.0.2:9999' },
    ])
    expect(made.findings.map(({ kind, text }) => [kind, text])).toEqual([
      ['LEFT_OUT', 'An executor of app: "ftp://10.0.0.3" is no address'],
      ['TO_DO', expect.stringContaining('http://10.0.0.1:9999/, http://10.0.0.2:9999 do not register')],
    ])
    const anew = await plan([{}], { groups, options: { executors: 'carillon' } })
    expect([anew.executors, anew.findings.map(({ kind }) => kind)]).toEqual([[], ['TO_DO']])
  })
  test('a long name is cut, and a job without one is called by its number', async () => {
    const { tasks } = await plan([{ job_desc: 'x'.repeat(255) }, { job_desc: ' ' }])
    expect(tasks.map(({ name }) => name)).toEqual(['x'.repeat(200), 'xxl-job 2'])
  })
})

describe('documents', () => {
  const none = { apps: new Set<string>(), schedules: new Set<string>() }

  test('schedules come paused; those that are there already keep the switch as it stands, and so do apps as a whole', async () => {
    const made = await plan([{ trigger_status: 1 }, { trigger_status: 0 }])
    const schedules = (present: typeof none) => documentsOf(made, present).filter(({ kind }) => kind === 'Schedule')
    expect(schedules(none)).toMatchObject([
      { code: 'xxl-1', paused: true },
      { code: 'xxl-2', paused: true },
    ])
    const [first, second] = schedules({ ...none, schedules: new Set(['xxl-1']) })
    expect(first).not.toHaveProperty('paused')
    expect(second).toMatchObject({ paused: true })
    expect(documentsOf(made, none).map(({ kind }) => kind)).toContain('App')
    expect(documentsOf(made, { ...none, apps: new Set(['app']) }).map(({ kind }) => kind)).not.toContain('App')
  })
  test('tasks and schedules keep the number of their job', async () => {
    const numbered = documentsOf(await plan([{}]), none).filter(({ kind }) => kind === 'Task' || kind === 'Schedule')
    expect(numbered.map((document) => 'labels' in document && document.labels)).toEqual(Array(2).fill({ 'xxl-job.id': '1' }))
  })
  test('only what xxl-job fired is to be resumed', async () => {
    const jobs = [
      { trigger_status: 1 },
      { trigger_status: 0 },
      { trigger_status: 1, schedule_type: 'NONE' },
      { trigger_status: 1, schedule_conf: '?' },
    ]
    expect(schedulesToResume(await plan(jobs))).toEqual(['xxl-1'])
  })
})

test('log numbers that reach those of the day are to be seen to, any others are not', async () => {
  const ofDay = (OPTIONS.now / 86_400_000) * 2 ** 37
  const found = async (lastLogId: number) => {
    const database = await read(dumpOf(ordersDatabase('2.3 – 3.4')))
    return planImport({ ...database, lastLogId }, OPTIONS).findings.filter(({ text }) => text.includes('log numbers'))
  }
  expect(await found(ofDay - 1)).toEqual([])
  expect(await found(ofDay)).toMatchObject([{ kind: 'TO_DO', jobs: [], text: expect.stringContaining(`begin at ${ofDay}`) }])
})
