import { beforeAll, expect, test } from 'vitest'
import { api, axeFinds, openConsole, settle, useBrowser } from './console.ts'

useBrowser()

const DAY = 86_400_000

beforeAll(async () => {
  const { calendars, schedules } = api()
  await calendars.create({ body: { code: 'closed-on-the-20th', timezone: 'UTC', days: ['2027-03-20'] } })
  await schedules.create({
    body: {
      ...{
        code: 'many-fires',
        task: 'weather-report-seattle',
        timing: { kind: 'CRON', expression: '* * * * * ?', timezone: 'UTC' },
      },
      calendars: [{ calendar: 'closed-on-the-20th', mode: 'EXCLUDE' }],
    },
  })
  await schedules.pause({ params: { schedule: 'many-fires' }, body: {} })
})

test('while a schedule is typed its next twenty fires are shown, with what calendars and clocks do to them', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/schedules/many-fires')
  await page.getByRole('button', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Expression' }).fill('0 30 2 20-31 3 ? 2027-2029')
  await dialog.getByRole('textbox', { name: 'Time zone' }).fill('Europe/Berlin')
  const fires = dialog.getByRole('region', { name: 'Next fires as typed' })
  const rows = fires.locator('tbody tr')
  await rows.filter({ hasText: '2027-03-20' }).getByText('closed-on-the-20th').waitFor()
  await rows.filter({ hasText: '2027-03-28' }).getByText('⚠').waitFor()
  expect(await rows.count()).toBe(20)
  expect(await fires.evaluate((box) => box.scrollHeight > box.clientHeight)).toBe(true)
  await settle(page)
  expect(await axeFinds(page)).toEqual([])
  await context.close()
})

test('a backfill says how many fires its range holds, and where no more are counted', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/schedules/many-fires')
  await page.getByRole('button', { name: 'Backfill' }).click()
  const dialog = page.getByRole('dialog')
  const says = async (from: number, to: number, words: string) => {
    // The page of these tests is in Shanghai.
    const local = (at: number) => new Date(at + 8 * 3_600_000).toISOString().slice(0, 16)
    await dialog.getByLabel('From').fill(local(from))
    await dialog.getByLabel('To (exclusive)').fill(local(to))
    await dialog.getByRole('status').getByText(words, { exact: true }).waitFor()
  }
  const closed = Date.UTC(2027, 2, 20)
  await says(closed - 3_600_000, closed, '3600 fires lie in this range')
  await says(closed - 3_600_000, closed + 60_000, '3600 fires lie in this range · calendars leave out 60')
  await says(closed - DAY, closed, 'At least 50000 fires lie in this range · the server counts no further than 50000')
  await context.close()
})
