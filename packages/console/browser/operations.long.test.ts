import { expect, test } from 'vitest'
import { api, axeFinds, openConsole, settle, shoot, useBrowser, type Opened } from './console.ts'

useBrowser()

const inDialog = ({ page }: Opened) => page.getByRole('dialog')

test('an executor is taken into maintenance with a reason, and brought back; its history has both', async () => {
  const opened = await openConsole()
  const { page, context, faults } = opened
  await page.goto('/t/default/executors')
  await page.getByRole('table').getByRole('link').first().click()
  await page.getByRole('button', { name: 'Maintenance' }).click()
  await inDialog(opened).getByLabel('Reason').fill('a new disk')
  await inDialog(opened).getByRole('button', { name: 'Maintenance' }).click()
  await page.getByText('a new disk').waitFor()
  await settle(page)
  await shoot(page, 'executor-en-light')
  expect(await axeFinds(page)).toEqual([])
  await page.getByRole('button', { name: 'Back in service' }).click()
  await inDialog(opened).getByRole('button', { name: 'Back in service' }).click()
  await page.getByText('Online', { exact: true }).waitFor()
  await page.getByRole('tab', { name: 'History' }).click()
  await page.getByRole('cell', { name: 'a new disk' }).waitFor()
  await page.getByRole('tab', { name: 'Tasks' }).click()
  await page.getByRole('link', { name: 'weather-report-seattle' }).waitFor()
  expect(faults).toEqual([])
  await context.close()
})

test('a schedule is made from the form, which shows the fires of the server while one types and keeps what is refused', async () => {
  const opened = await openConsole()
  const { page, context } = opened
  await page.goto('/t/default/schedules')
  await page.getByRole('button', { name: 'New schedule' }).first().click()
  const dialog = inDialog(opened)
  await dialog.getByRole('textbox', { name: 'Code', exact: true }).fill('every-workday')
  const target = { name: 'Task', exact: true } as const
  await dialog.getByRole('textbox', target).or(dialog.getByRole('combobox', target)).fill('weather-report-seattle')
  await dialog.getByRole('textbox', { name: 'Expression' }).fill('0 0 9 ? * FRB')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await page.waitForFunction(() => document.querySelector('[aria-invalid="true"]') !== null)
  expect(await dialog.getByRole('textbox', { name: 'Expression' }).getAttribute('aria-invalid')).toBe('true')
  await dialog.getByRole('textbox', { name: 'Expression' }).fill('0 0 9 ? * MON-FRI')
  await dialog.getByText('at 09:00, Monday to Friday').waitFor()
  await dialog.getByRole('table', { name: 'Next fires' }).getByText('09:00:00').first().waitFor()
  await shoot(page, 'schedule-form-en-light')
  expect(await axeFinds(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { name: 'every-workday' }).waitFor()
  await page.getByText('at 09:00, Monday to Friday').waitFor()
  expect((await api().schedules.get({ params: { schedule: 'every-workday' } })).timing).toMatchObject({
    kind: 'CRON',
    expression: '0 0 9 ? * MON-FRI',
  })
  await context.close()
})

test('all schedules that match are paused together with a reason, and resumed; what is paused already is left out', async () => {
  const codes = ['paused-in-bulk-1', 'paused-in-bulk-2', 'paused-in-bulk-3']
  for (const code of codes)
    await api().schedules.create({ body: { code, task: 'weather-report-seattle', timing: { kind: 'MANUAL' } } })
  await api().schedules.pause({ params: { schedule: codes[2]! }, body: { reason: 'another one' } })
  const opened = await openConsole()
  const { page, context, faults } = opened
  await page.goto('/t/default/schedules?q=paused-in-bulk')
  await page.getByRole('button', { name: 'Select all that match' }).click()
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await inDialog(opened).getByText('1 left out: is paused already').waitFor()
  await inDialog(opened).getByLabel('Reason').fill('the night of the migration')
  await shoot(page, 'schedules-bulk')
  expect(await axeFinds(page)).toEqual([])
  await inDialog(opened).getByRole('button', { name: 'Pause 2', exact: true }).click()
  await inDialog(opened).getByText('2 done').waitFor()
  await inDialog(opened).getByRole('button', { name: 'Close' }).last().click()
  const reasons = async () =>
    (await api().schedules.list({ query: { q: 'paused-in-bulk', sort: 'code' } })).items.map(({ pauseReason }) => pauseReason)
  expect(await reasons()).toEqual(['the night of the migration', 'the night of the migration', 'another one'])
  await page.getByRole('checkbox', { name: 'Select paused-in-bulk-3' }).check()
  await page.getByRole('button', { name: 'Resume', exact: true }).click()
  await inDialog(opened).getByRole('button', { name: 'Resume 1', exact: true }).click()
  await inDialog(opened).getByText('1 done').waitFor()
  expect(await reasons()).toEqual(['the night of the migration', 'the night of the migration', null])
  expect(faults).toEqual([])
  await context.close()
})

test('all tasks and executors that match are changed together, with a look at what is left out', async () => {
  for (const code of ['off-in-bulk-1', 'off-in-bulk-2'])
    await api().tasks.create({
      body: { code, type: (await api().tasks.get({ params: { task: 'weather-report-seattle' } })).type.code },
    })
  await api().tasks.disable({ params: { task: 'off-in-bulk-2' } })
  const opened = await openConsole()
  const { page, context } = opened
  await page.goto('/t/default/tasks?q=off-in-bulk')
  await page.getByRole('button', { name: 'Select all that match' }).click()
  await page.getByRole('button', { name: 'Disable', exact: true }).click()
  await inDialog(opened).getByText('1 left out: is disabled already').waitFor()
  await inDialog(opened).getByRole('button', { name: 'Disable 1', exact: true }).click()
  await inDialog(opened).getByText('1 done').waitFor()
  const { items } = await api().tasks.list({ query: { q: 'off-in-bulk' } })
  expect(items.map(({ enabled }) => enabled)).toEqual([false, false])
  await page.goto('/t/default/executors')
  await page.getByRole('button', { name: 'Select all that match' }).click()
  await page.getByRole('button', { name: 'Back in service', exact: true }).click()
  await inDialog(opened)
    .getByText(/^\d+ left out: its status is that already: Online$/)
    .waitFor()
  await context.close()
})

test('a backfill says how many fires lie in its range before it starts, and stands in the list then', async () => {
  const opened = await openConsole()
  const { page, context } = opened
  await page.goto('/t/default/schedules/weather-every-minute')
  await page.getByRole('button', { name: 'Backfill' }).click()
  await inDialog(opened)
    .getByText(/^At least 100 fires/)
    .waitFor()
  await inDialog(opened).getByLabel('To (exclusive)').fill('2026-01-01T00:05')
  await inDialog(opened).getByLabel('From').fill('2026-01-01T00:00')
  await inDialog(opened).getByText('5 fires lie in this range').waitFor()
  await inDialog(opened).getByRole('button', { name: 'Start the backfill' }).click()
  await page.waitForURL(/tab=backfills/)
  await page.getByRole('row').filter({ hasText: '2026-01-01' }).waitFor()
  const { items } = await api().schedules.backfills({ params: { schedule: 'weather-every-minute' } })
  expect(items[0]!.toAt - items[0]!.fromAt).toBe(5 * 60_000)
  await context.close()
})

test('the capacity rules of an app are changed as JSON and read as a table', async () => {
  const opened = await openConsole()
  const { page, context } = opened
  await page.goto('/t/default/apps/examples')
  await page.getByRole('button', { name: 'Edit' }).click()
  await inDialog(opened)
    .getByRole('textbox', { name: 'Capacity' })
    .fill('[{ "task": "weather-report-seattle", "executor": "*", "limit": 3 }]')
  await inDialog(opened).getByRole('button', { name: 'Save' }).click()
  await page.getByRole('row', { name: /Task weather-report-seattle each executor by itself 3/ }).waitFor()
  expect((await api().apps.get({ params: { app: 'examples' } })).capacity).toHaveLength(1)
  await context.close()
})

/** Every page of this file in Chinese, dark, and on a phone; the list in `pages.ts` has them in all forms. */
test('they hold in Chinese and dark, and on a phone nothing is wider than the screen', async () => {
  const { page, context, faults } = await openConsole({ language: 'zh', theme: 'dark' })
  const found: string[] = []
  for (const [name, path] of Object.entries(SHOTS)) {
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.goto(path)
    await settle(page)
    await shoot(page, `${name}-zh-dark`)
    found.push(...(await axeFinds(page)).map((line) => `${name}: ${line}`))
    await page.setViewportSize({ width: 390, height: 844 })
    await shoot(page, `${name}-phone`)
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    if (width > 390) found.push(`${name} is ${width} wide`)
  }
  expect(found).toEqual([])
  expect(faults).toEqual([])
  await context.close()
})

const SHOTS = {
  executors: '/t/default/executors',
  schedules: '/t/default/schedules',
  'schedules-load': '/t/default/schedules?tab=load',
  schedule: '/t/default/schedules/weather-every-minute',
  'schedule-fires': '/t/default/schedules/weather-every-minute?tab=fires',
  'schedule-backfills': '/t/default/schedules/weather-every-minute?tab=backfills',
  apps: '/t/default/apps',
  app: '/t/default/apps/examples',
  nodes: '/platform/nodes',
} as const
