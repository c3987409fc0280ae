import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  const { taskTypes, tasks, calendars } = api.tenantA.client
  const paramsSchema = { type: 'object', required: ['day'], properties: { day: { type: 'string' }, n: { type: 'integer' } } }
  await taskTypes.create({ body: { code: 'note', kind: 'log', settings: { message: 'hello' } } })
  await taskTypes.create({ body: { code: 'typed', kind: 'log', settings: { message: 'hello' }, paramsSchema } })
  await tasks.create({ body: { code: 'plain', type: 'note' } })
  await tasks.create({ body: { code: 'typed', type: 'typed', params: { n: 1 } } })
  await calendars.create({ body: { code: 'weekend', timezone: 'UTC', weekdays: [6, 7] } })
})
afterAll(() => api.close())

const schedules = () => api.tenantA.client.schedules
const cron = (expression: string, timezone = 'UTC') => ({ kind: 'CRON', expression, timezone }) as const
const yearly = cron('0 0 0 1 1 ? 2099')
const make = (code: string, more: object = {}) => schedules().create({ body: { code, task: 'plain', timing: yearly, ...more } })

/** Puts the next fire into the past, as when nothing has fired for a while. */
async function makeOverdue(id: number, ms: number): Promise<void> {
  await api.root.query(
    `update schedule_due set next_fire_at = now() - $2 * interval '1 ms', due_at = now() - $2 * interval '1 ms' where schedule_id = $1`,
    [id, ms],
  )
}
const outcomes = async (schedule: string) => (await schedules().fires({ params: { schedule } })).items.map((fire) => fire.outcome)

describe('a schedule', () => {
  test('knows its first fire as soon as it exists', async () => {
    const schedule = await make('new-year')
    expect(schedule.nextFireAt).toBe(Date.UTC(2099, 0, 1))
    expect(schedule).toMatchObject({
      paused: false,
      effective: { misfire: { policy: 'FIRE_ONCE' } },
      timing: { dst: 'DEFAULT' },
      task: { code: 'plain' },
    })
    const task = (await api.tenantA.client.tasks.list({ query: { q: 'plain' } })).items[0]
    expect(task?.nextFireAt).toBe(Date.UTC(2099, 0, 1))
  })

  test('counts a rate without an anchor from its creation on', async () => {
    const schedule = await make('rate', { timing: { kind: 'FIXED_RATE', everyMs: 60_000 } })
    expect(schedule.timing).toMatchObject({ anchorAt: expect.any(Number) })
    expect(schedule.nextFireAt! - schedule.createdAt).toBeGreaterThan(0)
    expect(schedule.nextFireAt! - schedule.createdAt).toBeLessThanOrEqual(60_000)
  })

  test.each([
    ['cron that is none', { timing: cron('0 0 25 * * ?') }, '/body/timing/expression', /position/],
    ['a zone that is none', { timing: cron('@daily', 'Europe/Berlim') }, '/body/timing/timezone', /Europe\/Berlin/],
    ['cron that never fires', { timing: cron('0 0 0 30 2 ?') }, '/body/timing/expression', /never fires/],
    ['cron whose years have passed', { timing: cron('0 0 0 1 1 ? 1999') }, '/body/timing/expression', /fires have passed/],
    [
      'a single time that has passed',
      { timing: { kind: 'ONCE', at: 1_000 } },
      '/body/timing/at',
      /1970-01-01T00:00:01.* has passed/,
    ],
    ['an end that has passed', { timing: cron('@yearly'), endAt: Date.UTC(2020, 0, 2) }, '/body/endAt', /before its next fire/],
    ['an end before its start', { startAt: 2000, endAt: 1000 }, '/body/endAt', /./],
    [
      'a calendar that does not exist',
      { calendars: [{ calendar: 'none', mode: 'EXCLUDE' }] },
      '/body/calendars/0/calendar',
      /names no calendar/,
    ],
    ['parameters that miss what the type requires', { task: 'typed' }, '/body/params/day', /required/],
  ])('with %s is refused', async (_, more, path, message) => {
    const { code, problems } = await refusal(make('wrong', more))
    expect([code, problems[0]]).toEqual(['VALIDATION_FAILED', { path, message: expect.stringMatching(message) }])
  })

  test('tells where a cron expression is wrong and what was meant', async () => {
    const { extra } = await refusal(make('wrong', { timing: cron('0 0 0 ? JAM MON') }))
    expect(extra['cron']).toMatchObject({ position: 8, length: 3, suggestion: expect.stringContaining('JAN') })
  })

  test('takes the parameters of its task together with its own', async () => {
    const schedule = await make('typed-schedule', { task: 'typed', params: { day: 'monday' } })
    expect(schedule.params).toEqual({ day: 'monday' })
  })

  test('is refused for its task to lose what it needs', async () => {
    const { tasks } = api.tenantA.client
    const { code, problems } = await refusal(
      tasks.update({ params: { task: 'typed' }, body: { version: 1, params: { n: 1, day: 5 } } }),
    )
    expect([code, problems[0]?.path]).toEqual(['VALIDATION_FAILED', '/body/params/day'])
  })
})

describe('TSK-7 an edit never fires the past', () => {
  test('a new timing goes on from now, whatever was overdue', async () => {
    const { id } = await make('edited', { timing: { kind: 'FIXED_RATE', everyMs: 3_600_000 } })
    await makeOverdue(id, 10_000)
    const edited = await schedules().update({ params: { schedule: id }, body: { version: 1, timing: yearly } })
    expect(edited.nextFireAt).toBe(Date.UTC(2099, 0, 1))
    await api.fire()
    expect(await outcomes('edited')).not.toContain('RUN')
  })

  test('a new timing whose times have passed is refused; what has fired for the last time may still be renamed', async () => {
    const at = Date.now() + 60_000
    const { version } = await make('only-once', { timing: { kind: 'ONCE', at } })
    const params = { schedule: 'only-once' }
    const past = { version, timing: { kind: 'ONCE' as const, at: 1_000 } }
    expect((await refusal(schedules().update({ params, body: past }))).problems[0]?.path).toBe('/body/timing/at')
    await api.root.query(`update schedule set timing = '{"kind": "ONCE", "at": 1000}' where code = 'only-once'`)
    expect(await schedules().update({ params, body: { version, name: 'Once' } })).toMatchObject({ name: 'Once' })
  })

  test('TSK-2 has the misfire policy of the type, under that of the task, under its own', async () => {
    const { taskTypes, tasks } = api.tenantA.client
    const catchUp = (maxFires: number) => ({ policy: 'CATCH_UP', maxFires, windowMs: 3_600_000, perMinute: 60 }) as const
    const held = async () => (await schedules().get({ params: { schedule: 'inheriting' } })).effective.misfire
    await taskTypes.create({ body: { code: 'inherited', kind: 'log', settings: { message: 'hello' } } })
    await tasks.create({ body: { code: 'inheriting', type: 'inherited' } })
    const created = await make('inheriting', { task: 'inheriting' })
    expect([created.misfire, created.effective.misfire]).toEqual([null, { policy: 'FIRE_ONCE' }])
    await taskTypes.update({ params: { type: 'inherited' }, body: { version: 1, defaults: { misfire: catchUp(1) } } })
    expect(await held()).toEqual(catchUp(1))
    const task = await tasks.update({ params: { task: 'inheriting' }, body: { version: 1, policies: { misfire: catchUp(2) } } })
    expect([task.effective.misfire, await held()]).toEqual([catchUp(2), catchUp(2)])
    const params = { schedule: 'inheriting' }
    const own = await schedules().update({ params, body: { version: 1, misfire: { policy: 'SKIP' } } })
    expect([own.misfire, own.effective.misfire]).toEqual([{ policy: 'SKIP' }, { policy: 'SKIP' }])
    const back = await schedules().update({ params, body: { version: 2, misfire: null } })
    expect([back.misfire, back.effective.misfire]).toEqual([null, catchUp(2)])
  })

  test('TSK-2 fires by the misfire policy of its task, as it stands when the backlog is decided', async () => {
    const { tasks } = api.tenantA.client
    await tasks.create({ body: { code: 'skipping', type: 'note' } })
    const { id } = await make('missing', { task: 'skipping', timing: { kind: 'FIXED_RATE', everyMs: 3_600_000 } })
    await makeOverdue(id, 600_000)
    await tasks.update({ params: { task: 'skipping' }, body: { version: 1, policies: { misfire: { policy: 'SKIP' } } } })
    await api.fire()
    expect(await outcomes('missing')).toEqual(['MISSED'])
  })

  test('another name does not move the next fire', async () => {
    const { id } = await make('renamed', { timing: { kind: 'FIXED_RATE', everyMs: 3_600_000 } })
    await makeOverdue(id, 10_000)
    await schedules().update({ params: { schedule: id }, body: { version: 1, name: 'Another' } })
    await api.fire()
    expect(await outcomes('renamed')).toContain('RUN')
  })

  test('INV-2 what it leaves undecided stands in the ledger, each occurrence once', async () => {
    const day = 86_400_000
    const hourly = { kind: 'FIXED_RATE', everyMs: 3_600_000, anchorAt: 0 } as const
    const { id } = await make('left-behind', { timing: hourly })
    await api.root.query(
      `update schedule_due set next_fire_at = date_trunc('hour', now()) - interval '240 hours', due_at = now() + interval '1 hour' where schedule_id = $1`,
      [id],
    )
    const { updatedAt } = await schedules().update({
      params: { schedule: id },
      body: { version: 1, timing: { ...hourly, everyMs: day } },
    })
    const { items } = await schedules().fires({ params: { schedule: id } })
    expect(items).toMatchObject([{ outcome: 'MISSED', reason: 'MISFIRE', runId: null, count: 241 }])
    expect(items[0]!.lastFireAt).toBe(updatedAt - (updatedAt % 3_600_000))
  })

  test('INV-2 also when it is resumed or deleted before firing came by', async () => {
    const hourly = { kind: 'FIXED_RATE', everyMs: 3_600_000, anchorAt: 0 } as const
    const overdue = async (code: string, more: object = {}) => {
      const { id } = await make(code, { timing: hourly, ...more })
      await api.root.query(
        `update schedule_due set next_fire_at = date_trunc('hour', now()), due_at = now() where schedule_id = $1`,
        [id],
      )
      return id
    }
    const resumed = await overdue('resumed-late', { paused: true })
    await schedules().resume({ params: { schedule: resumed } })
    expect((await schedules().fires({ params: { schedule: resumed } })).items).toMatchObject([
      { outcome: 'SKIPPED', reason: 'PAUSED', count: 1 },
    ])
    const deleted = await overdue('deleted-late')
    await schedules().remove({ params: { schedule: deleted } })
    const { rows } = await api.root.query('select outcome, count::int from fire where schedule_id = $1', [deleted])
    expect(rows).toEqual([{ outcome: 'MISSED', count: 1 }])
  })

  test('nothing is decided twice after an edit under a clock that was set back', async () => {
    const { id } = await make('ahead', { timing: { kind: 'FIXED_RATE', everyMs: 60_000, anchorAt: 0 } })
    await api.root.query(`update schedule_due set decided_until = now() + interval '1 hour' where schedule_id = $1`, [id])
    const edited = await schedules().update({ params: { schedule: id }, body: { version: 1, jitterMs: 1 } })
    expect(edited.nextFireAt! - edited.updatedAt).toBeGreaterThan(3_590_000)
  })

  test('a deleted schedule fires no more, and its code is free', async () => {
    const { id } = await make('short-lived', { timing: { kind: 'FIXED_RATE', everyMs: 3_600_000 } })
    await makeOverdue(id, 10_000)
    await schedules().remove({ params: { schedule: id } })
    await api.fire()
    const { rows } = await api.root.query('select outcome from fire where schedule_id = $1', [id])
    expect(rows.map((row) => row.outcome)).not.toContain('RUN')
    await make('short-lived')
  })
})

describe('a paused schedule', () => {
  test('records its fires as skipped, and says who paused it and why', async () => {
    const { id } = await make('pausing', { timing: { kind: 'FIXED_RATE', everyMs: 3_600_000 } })
    const paused = await schedules().pause({ params: { schedule: id }, body: { reason: 'stock-taking' } })
    expect(paused).toMatchObject({ paused: true, pauseReason: 'stock-taking', version: 2 })
    await makeOverdue(id, 10_000)
    await api.fire()
    expect((await schedules().fires({ params: { schedule: id } })).items).toMatchObject([
      { outcome: 'SKIPPED', reason: 'PAUSED' },
    ])
  })

  test('goes on with its next fire when it is resumed', async () => {
    const { id } = await make('resuming', { timing: { kind: 'FIXED_RATE', everyMs: 3_600_000 } })
    await schedules().pause({ params: { schedule: id }, body: {} })
    await makeOverdue(id, 10_000)
    const resumed = await schedules().resume({ params: { schedule: id } })
    expect(resumed).toMatchObject({ paused: false, pauseReason: null })
    expect(resumed.nextFireAt).toBeGreaterThan(resumed.updatedAt)
    await api.fire()
    expect(await outcomes('resuming')).not.toContain('RUN')
  })

  test('many at once are answered one by one', async () => {
    await make('bulk-a')
    const answer = await schedules().bulk({ body: { schedules: ['bulk-a', 'no-such'], action: 'pause', reason: 'x' } })
    expect(answer).toMatchObject({
      succeeded: 1,
      failed: 1,
      items: [
        { ref: 'bulk-a', ok: true },
        { ref: 'no-such', ok: false, code: 'NOT_FOUND' },
      ],
    })
  })
})

describe('the preview', () => {
  test('names each fire, with the calendar that excludes it', async () => {
    const body = {
      timing: cron('0 0 9 * * ?', 'Europe/Berlin'),
      calendars: [{ calendar: 'weekend', mode: 'EXCLUDE' as const }],
      from: Date.UTC(2026, 0, 2, 12),
      count: 3,
    }
    const { fires } = await schedules().previewDraft({ body })
    expect(fires.map(({ local, excluded }) => [local, excluded?.calendar])).toEqual([
      ['2026-01-03T09:00:00+01:00', 'weekend'],
      ['2026-01-04T09:00:00+01:00', 'weekend'],
      ['2026-01-05T09:00:00+01:00', undefined],
    ])
  })

  test('of a saved schedule is the same', async () => {
    await make('previewed', { timing: cron('0 0 0 1 1 ?') })
    const { fires } = await schedules().preview({
      params: { schedule: 'previewed' },
      query: { count: 2, from: Date.UTC(2030, 0, 1) },
    })
    expect(fires.map((fire) => fire.local)).toEqual(['2031-01-01T00:00:00+00:00', '2032-01-01T00:00:00+00:00'])
  })

  test('of what never fires says why', async () => {
    const draft = await schedules().previewDraft({ body: { timing: cron('0 0 0 1 1 ? 1999') } })
    expect(draft).toEqual({ fires: [], whyNone: expect.stringContaining('fires have passed') })
    await make('by-hand', { timing: { kind: 'MANUAL' } })
    const saved = await schedules().preview({ params: { schedule: 'by-hand' } })
    expect(saved).toEqual({ fires: [], whyNone: expect.stringContaining('MANUAL') })
    expect((await schedules().previewDraft({ body: { timing: yearly } })).whyNone).toBeNull()
  })

  test('a hundred fires are the most', async () => {
    const { code } = await refusal(schedules().previewDraft({ body: { timing: yearly, count: 101 } }))
    expect(code).toBe('VALIDATION_FAILED')
  })
})

describe('the count of fires in a range', () => {
  const DAYS = 86_400_000
  const from = Date.UTC(2025, 0, 1)

  test('is that of all of them, without those that calendars leave out', async () => {
    const { calendars } = api.tenantA.client
    await calendars.create({ body: { code: 'counted', timezone: 'UTC', days: ['2025-01-02'] } })
    await make('every-minute', { timing: cron('0 * * * * ?'), calendars: [{ calendar: 'counted', mode: 'EXCLUDE' }] })
    const count = (to: number) => schedules().count({ params: { schedule: 'every-minute' }, query: { from, to } })
    expect(await count(from + 3 * DAYS)).toEqual({ fires: 2 * 1_440, excluded: 1_440, more: false })
    expect(await count(from)).toEqual({ fires: 0, excluded: 0, more: false })
  })

  test('says that there are more than are counted', async () => {
    await make('every-second', { timing: cron('* * * * * ?') })
    const count = (to: number) => schedules().count({ params: { schedule: 'every-second' }, query: { from, to } })
    expect(await count(from + 50_000_000)).toEqual({ fires: 50_000, excluded: 0, more: false })
    expect(await count(from + 50_001_000)).toEqual({ fires: 50_000, excluded: 0, more: true })
  })
})

describe('a calendar', () => {
  test('takes effect at once in the schedules that use it', async () => {
    const { calendars } = api.tenantA.client
    await calendars.create({ body: { code: 'closed', timezone: 'UTC' } })
    const { id } = await make('with-calendar', {
      timing: { kind: 'FIXED_RATE', everyMs: 3_600_000 },
      calendars: [{ calendar: 'closed', mode: 'EXCLUDE' }],
    })
    await calendars.update({ params: { calendar: 'closed' }, body: { version: 1, weekdays: [1, 2, 3, 4, 5, 6, 7] } })
    await makeOverdue(id, 10_000)
    await api.fire()
    expect((await schedules().fires({ params: { schedule: id } })).items).toMatchObject([
      { outcome: 'SKIPPED', reason: 'CALENDAR' },
    ])
  })

  test('in use is not deleted, and names who uses it', async () => {
    const { calendars } = api.tenantA.client
    const { code, message } = await refusal(calendars.remove({ params: { calendar: 'closed' } }))
    expect(code).toBe('IN_USE')
    expect(message).toContain('with-calendar')
  })

  test.each([
    [{ days: ['2026-02-30'] }, '/body/days'],
    [{ timezone: 'Mars/Olympus' }, '/body/timezone'],
  ])('with %j is refused', async (more, path) => {
    const { calendars } = api.tenantA.client
    const { problems } = await refusal(calendars.create({ body: { code: 'odd', timezone: 'UTC', ...more } }))
    expect(problems[0]?.path).toBe(path)
  })
})

describe('a backfill', () => {
  test('is asked for, listed and cancelled', async () => {
    await make('filled', { timing: cron('@daily') })
    const params = { schedule: 'filled' }
    const backfill = await schedules().createBackfill({ params, body: { fromAt: 0, toAt: 86_400_000 * 3, perMinute: 5 } })
    expect(backfill).toMatchObject({ state: 'RUNNING', perMinute: 5, runs: 0, nextAt: 0 })
    expect((await schedules().backfills({ params })).items).toEqual([backfill])
    const cancelled = await schedules().cancelBackfill({ params: { ...params, backfill: backfill.id } })
    expect(cancelled.state).toBe('CANCELLED')
    const again = await refusal(schedules().cancelBackfill({ params: { ...params, backfill: backfill.id } }))
    expect(again.code).toBe('STATE_CONFLICT')
  })

  test.each([
    ['of the future', { fromAt: 0, toAt: 8_000_000_000_000 }, '/body/toAt'],
    ['that ends before it begins', { fromAt: 1000, toAt: 10 }, '/body/toAt'],
  ])('%s is refused', async (_, body, path) => {
    const { problems } = await refusal(schedules().createBackfill({ params: { schedule: 'filled' }, body }))
    expect(problems[0]?.path).toBe(path)
  })

  test('of half a century of minutes is refused, with what to do instead', async () => {
    await make('often', { timing: cron('* * * * *') })
    const { problems } = await refusal(
      schedules().createBackfill({ params: { schedule: 'often' }, body: { fromAt: 0, toAt: 1_700_000_000_000 } }),
    )
    expect(problems).toMatchObject([{ path: '/body/fromAt', message: expect.stringContaining('in parts') }])
  })
})

test('an earlier revision is restored as the newest version, calendars included', async () => {
  const params = { schedule: 'restored' }
  await make('restored', { calendars: [{ calendar: 'weekend', mode: 'EXCLUDE' }], labels: { team: 'a' } })
  await schedules().update({ params, body: { version: 1, calendars: [], labels: {}, timing: { kind: 'MANUAL' } } })
  const restored = await schedules().restore({ params, body: { version: 2, revision: 1 } })
  expect(restored).toMatchObject({
    version: 3,
    labels: { team: 'a' },
    calendars: [{ calendar: { code: 'weekend' } }],
    nextFireAt: Date.UTC(2099, 0, 1),
  })
  const { items } = await schedules().revisions({ params })
  expect(items.map(({ version, operation }) => [version, operation])).toEqual([
    [3, 'restore'],
    [2, 'update'],
    [1, 'create'],
  ])
})

test('the load of the next hours is that of the schedules that are not paused', async () => {
  const client = api.tenantB.client
  await client.taskTypes.create({ body: { code: 'say', kind: 'log', settings: { message: 'x' } } })
  await client.tasks.create({ body: { code: 'say', type: 'say' } })
  for (const code of ['one', 'two', 'paused'])
    await client.schedules.create({ body: { code, task: 'say', timing: cron('17 * * * *') } })
  await client.schedules.pause({ params: { schedule: 'paused' }, body: {} })
  const load = await client.scheduleLoad.get({ query: { hours: 3 } })
  expect(load.minutes).toHaveLength(180)
  expect(load.minutes.reduce((sum, count) => sum + count, 0)).toBe(6)
  expect(load).toMatchObject({ schedules: 2, more: false, to: load.from + 3 * 3_600_000 })
  expect(load.peaks[0]).toMatchObject({ count: 2, schedules: [{ code: 'one' }, { code: 'two' }] })
  expect(new Date(load.peaks[0]!.at).getUTCMinutes()).toBe(17)
})

test('the days of the load name what fires on each, in the days of the reader, and leave out what is paused', async () => {
  const { scheduleLoad } = api.tenantB.client
  const map = await scheduleLoad.days({ query: { days: 3, timezone: 'Asia/Shanghai' } })
  expect(map.days).toHaveLength(3)
  expect(map).toMatchObject({ timezone: 'Asia/Shanghai', schedules: 2, more: false })
  const tomorrow = map.days[1]!
  expect(tomorrow).toMatchObject({
    fires: 48,
    schedules: 2,
    items: [
      { code: 'one', fires: 24 },
      { code: 'two', fires: 24 },
    ],
  })
  expect(tomorrow.from).toBe(Date.parse(`${tomorrow.day}T00:00:00+08:00`))
  // Today is what is left of it.
  expect(map.days[0]!.to).toBeGreaterThan(Date.now())
})

test.each([
  [{ timezone: 'Asia/Nowhere' }, '/query/timezone'],
  [{ from: '2026-13-01' }, '/query/from'],
  [{ from: '2026-02-30' }, '/query/from'],
])('the days of the load refuse %o at its place', async (query, path) => {
  const { code, problems } = await refusal(api.tenantB.client.scheduleLoad.days({ query }))
  expect([code, problems[0]?.path]).toEqual(['VALIDATION_FAILED', path])
})
