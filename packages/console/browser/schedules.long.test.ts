import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { api, axeFinds, openConsole, settle, shoot, useBrowser } from './console.ts'
import { until } from './journeys.ts'
import { changesOf, firesByTheClock } from './wall-clock.ts'

useBrowser()

/** A tenant of its own, in which nothing else fires. */
const TENANT = 'clockwork'
const DAY = 86_400_000

beforeAll(async () => {
  await api().tenants.create({ body: { code: TENANT } })
  await api(TENANT).taskTypes.create({ body: { code: 'tick', kind: 'log', settings: { message: 'tick' } } })
  await api(TENANT).tasks.create({ body: { code: 'tick', type: 'tick' } })
})

const create = (code: string, timing: object, more: object = {}) =>
  api(TENANT).schedules.create({ body: { code, task: 'tick', timing: timing as never, ...more } })

/** The page's table of next fires: what it says in the schedule's zone, the instants, and the notes. */
async function listed(page: Page) {
  const rows = page.getByRole('table', { name: 'Next fires' }).locator('tbody tr')
  await rows.first().waitFor()
  return rows.evaluateAll((all) =>
    all.map((row) => {
      const [local, , note] = Array.from(row.querySelectorAll('td'), (cell) => cell.textContent)
      return { local: local!, at: Date.parse(row.querySelector('time')!.dateTime), note: note! }
    }),
  )
}

test.each([
  ['en', 'New schedule', 'Expression', ['at 02:30, every day', 'every 15 minutes, 09:00 to 17:59, Monday to Friday']],
  ['zh', '新建调度计划', '表达式', ['每天 02:30', '每星期一至星期五 每 15 分钟(09:00 至 17:59)']],
] as const)('E11: in %s what is typed is put into words while one types', async (language, button, field, words) => {
  const { page, context } = await openConsole({ language })
  await page.goto(`/t/${TENANT}/schedules`)
  await page.getByRole('button', { name: button }).first().click()
  const expression = page.getByRole('dialog').getByRole('textbox', { name: field })
  for (const [place, typed] of ['0 30 2 * * ?', '*/15 9-17 * * MON-FRI'].entries()) {
    await expression.fill(typed)
    await page.getByRole('dialog').getByText(words[place]!, { exact: true }).waitFor()
  }
  await context.close()
})

describe('E11: the next 20 fires across a change of the clocks', () => {
  // The half hours of hours in which clocks change: some are lost, some come twice.
  const TIMES = [1, 2].flatMap((hour) => [15, 45].map((minute) => hour * 60 + minute))
  const timing = { kind: 'CRON', expression: '0 15,45 1,2 * * ?' } as const

  test.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'])(
    'in %s, forward and back, the page says what the API says, and what a clock on the wall would',
    async (timezone) => {
      const changes = changesOf(timezone, Date.now() + 4 * DAY).slice(0, 2)
      expect(new Set(changes.map(({ byMs }) => Math.sign(byMs)))).toEqual(new Set([1, -1]))
      const { page, context } = await openConsole()
      for (const { at, byMs } of changes) {
        const startAt = at - 2 * DAY
        const code = `dst-${timezone.replace('/', '-')}-${byMs < 0 ? 'back' : 'forward'}`
        await create(code, { ...timing, timezone }, { startAt })
        await page.goto(`/t/${TENANT}/schedules/${code}`)
        const shown = await listed(page)
        const { fires } = await api(TENANT).schedules.preview({ params: { schedule: code }, query: { count: 20 } })
        expect(shown.map((fire) => fire.at)).toEqual(fires.map(({ fireAt }) => fireAt))
        expect(shown.map(({ local }) => local)).toEqual(
          fires.map(({ local, weekday }) => `${local.replace('T', ' ')} ${weekday}`),
        )
        expect(shown.map((fire) => fire.at)).toEqual(firesByTheClock(timezone, TIMES, startAt, 20))
        const marked = shown.filter(({ note }) => note !== '')
        expect(marked.length).toBeGreaterThan(0)
        const wanted = byMs > 0 ? 'Its local time is lost in a clock change' : 'Its local time comes twice: the first'
        expect(marked.every(({ note }) => note.includes(wanted))).toBe(true)
        // The mark stands at the change, and nowhere else.
        expect(marked.every((fire) => Math.abs(fire.at - at) < 2 * 3_600_000)).toBe(true)
        await shoot(page, code)
      }
      await context.close()
    },
  )
})

test('E11: the fires that the page lists are those that the server makes, each once and at its time', async () => {
  const { page, context } = await openConsole()
  const startAt = Math.ceil(Date.now() / 1_000) * 1_000 + 8_000
  const timings = {
    'near-cron': { kind: 'CRON', expression: '*/2 * * * * ?', timezone: 'Asia/Kolkata' },
    'near-rate': { kind: 'FIXED_RATE', everyMs: 2_000, anchorAt: startAt },
  }
  for (const [code, timing] of Object.entries(timings)) await create(code, timing, { startAt })
  for (const code of Object.keys(timings)) {
    await page.goto(`/t/${TENANT}/schedules/${code}`)
    const promised = (await listed(page)).map(({ at }) => at).slice(0, 5)
    expect(promised[0]).toBeGreaterThanOrEqual(startAt)
    const made = await until(
      async () => (await api(TENANT).schedules.fires({ params: { schedule: code }, query: { limit: 200 } })).items.toReversed(),
      (fires) => fires.some(({ fireAt }) => fireAt >= promised[4]!),
    )
    const those = made.filter(({ fireAt }) => fireAt >= promised[0]! && fireAt <= promised[4]!)
    expect(those.map(({ fireAt, outcome }) => [fireAt, outcome])).toEqual(promised.map((at) => [at, 'RUN']))
    const runs = await Promise.all(those.map(({ runId }) => api(TENANT).runs.get({ params: { run: runId! } })))
    expect(runs.map(({ fireAt }) => fireAt)).toEqual(promised)
    await page.goto(`/t/${TENANT}/schedules/${code}?tab=fires`)
    await page.getByRole('link', { name: `#${runs[4]!.id}` }).waitFor()
    await api(TENANT).schedules.pause({ params: { schedule: code }, body: {} })
  }
  await context.close()
})

test('E11: what collides at the full hour is seen in the load map, and spread to where it says that there is room', async () => {
  const tenant = 'collision'
  await api().tenants.create({ body: { code: tenant } })
  const client = api(tenant)
  await client.taskTypes.create({ body: { code: 'tick', kind: 'log', settings: { message: 'tick' } } })
  await client.tasks.create({ body: { code: 'tick', type: 'tick' } })
  const hourly = (minute: number) => ({ kind: 'CRON', expression: `0 ${minute} * * * ?`, timezone: 'UTC' }) as const
  const codes = ['a', 'b', 'c', 'd'].map((letter) => `hourly-${letter}`)
  for (const code of codes) await client.schedules.create({ body: { code, task: 'tick', timing: hourly(0) } })
  const { page, context } = await openConsole()
  await page.goto(`/t/${tenant}/schedules?tab=load`)
  await page.getByText('96 fires of 4 schedules; the fullest minute has 4').waitFor()
  await page
    .getByRole('table', { name: 'The fullest minutes' })
    .getByText(/:00:00/)
    .first()
    .waitFor()
  await shoot(page, 'schedules-collide')
  const hint = await page.getByText(/^Fewest fires begin at minute/).innerText()
  const room = Number(/:(\d\d)/.exec(hint)![1])
  expect(room).not.toBe(0)

  // One is moved there by its form, the others to the minutes after it.
  await page.goto(`/t/${tenant}/schedules/${codes[0]}`)
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: 'Expression' }).fill(hourly(room).expression)
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByText(`every hour at :${room}`).waitFor()
  for (const [place, schedule] of codes.slice(1).entries())
    await client.schedules.update({ params: { schedule }, body: { version: 1, timing: hourly(room + 1 + place) } })
  // A map is kept for half a minute; one of other hours is made anew.
  await page.goto(`/t/${tenant}/schedules?tab=load&hours=12`)
  await page.getByText('48 fires of 4 schedules; the fullest minute has 1').waitFor()
  await context.close()
})

describe('the calendar', () => {
  beforeAll(async () => {
    const client = api(TENANT)
    const { items } = await client.schedules.list({ query: { limit: 200 } })
    if (items.length > 0) await client.schedules.bulk({ body: { schedules: items.map(({ id }) => id), action: 'pause' } })
    await client.calendars.create({ body: { code: 'sundays', timezone: 'Asia/Shanghai', weekdays: [7] } })
    const at = (expression: string) => ({ kind: 'CRON', expression, timezone: 'Asia/Shanghai' })
    await create('all-day', at('0 */10 * * * ?'))
    await create('every-morning', at('0 0 9 * * ?'), { calendars: [{ calendar: 'sundays', mode: 'EXCLUDE' }] })
    await create('first-of-month', at('0 0 3 1 * ?'))
  })
  const month = new Date(Date.now() + 62 * DAY).toISOString().slice(0, 7)
  const sunday = Array.from({ length: 7 }, (_, day) => `${month}-0${day + 1}`).find(
    (day) => new Date(`${day}T00:00:00Z`).getUTCDay() === 0,
  )!

  test('says what fires on which day of a month, marks what a calendar leaves out, and lists a day; all of it in the address', async () => {
    const { page, context, faults } = await openConsole()
    await page.goto(`/t/${TENANT}/schedules?tab=calendar&month=${month}`)
    await settle(page)
    const day = (number: number) => page.getByRole('button', { name: new RegExp(`^[A-Z][a-z]+ ${number}: .* fires of`) }).nth(0)
    const inMonth = page.locator('td').filter({ has: page.getByText('first-of-month') })
    expect(await inMonth.count()).toBeGreaterThan(0)
    await shoot(page, 'schedules-calendar-month')
    expect(await axeFinds(page)).toEqual([])
    await page.locator(`td`).filter({ hasText: 'first-of-month' }).first().getByRole('button').click()
    await page.waitForURL(/day=\d{4}-\d\d-01/)
    const list = page.locator('section').getByRole('row')
    await list.filter({ hasText: 'first-of-month' }).getByText('03:00:00').waitFor()
    await list.filter({ hasText: 'all-day' }).getByText('144').waitFor()
    await page.goto(`/t/${TENANT}/schedules?tab=calendar&month=${month}&day=${sunday}`)
    await list.filter({ hasText: 'every-morning' }).getByText('1 left out: sundays').waitFor()
    await list.filter({ hasText: 'every-morning' }).getByRole('cell', { name: '0', exact: true }).waitFor()
    // What is planned is what the engine says of one schedule.
    const { fires } = await api(TENANT).schedules.preview({
      params: { schedule: 'every-morning' },
      query: { count: 100, from: Date.parse(`${month}-01T00:00:00+08:00`) - 1 },
    })
    const map = await api(TENANT).scheduleLoad.days({ query: { from: `${month}-01`, days: 28, timezone: 'Asia/Shanghai' } })
    const planned = map.days.map(({ items }) => items.find(({ code }) => code === 'every-morning')!.fires)
    expect(planned).toEqual(fires.slice(0, 28).map(({ excluded }) => (excluded === null ? 1 : 0)))
    expect(await day(2).count()).toBe(1)
    expect(faults).toEqual([])
    await context.close()
  })

  test('goes from month to month by its buttons, and back by that of the browser', async () => {
    const { page, context } = await openConsole()
    await page.goto(`/t/${TENANT}/schedules?tab=calendar&month=${month}`)
    await page.getByRole('button', { name: 'Month after' }).click()
    await page.waitForURL((url) => url.searchParams.get('month') !== month)
    await page.goBack()
    await page.waitForURL((url) => url.searchParams.get('month') === month)
    await page.getByRole('button', { name: 'Today' }).click()
    await page.locator('td button[aria-current=date][aria-pressed=true]').waitFor()
    await context.close()
  })

  test('in Chinese, dark, on a phone: days with their counts, and the list below', async () => {
    const { page, context } = await openConsole({ language: 'zh', theme: 'dark', width: 390, height: 844 })
    await page.goto(`/t/${TENANT}/schedules?tab=calendar&month=${month}&day=${sunday}`)
    await settle(page)
    await page.getByText('已排除 1 次:sundays').waitFor()
    await shoot(page, 'schedules-calendar-phone')
    expect(await axeFinds(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    await context.close()
  })
})
