import { beforeAll, expect, test } from 'vitest'
import { api, axeFinds, openConsole, settle, shoot, useBrowser } from './console.ts'

useBrowser()

let run: number

beforeAll(async () => {
  const client = api()
  await client.dags.create({ body: { code: 'wharf-load', name: 'Loads the wharf' } })
  const timing = { kind: 'CRON', expression: '0 0 0 1 1 ? 2099', timezone: 'UTC' } as const
  await client.schedules.create({ body: { code: 'wharf-yearly', task: 'weather-report-seattle', timing } })
  const { runId } = await client.runs.trigger({ params: { task: 'weather-report-seattle' }, body: {} })
  run = runId
})

test('with the keyboard alone one goes to a page, an object, a run and another tenant', async () => {
  await api().tenants.create({ body: { code: 'harbour', name: 'The harbour' } })
  const { page, context, faults } = await openConsole()
  await page.goto('/t/default/tasks')
  await settle(page)
  const go = async (typed: string, option: string | RegExp) => {
    await page.keyboard.press('Control+k')
    await page
      .getByRole('dialog')
      .getByRole('combobox', { name: /A page, a code/ })
      .waitFor()
    await page.keyboard.type(typed)
    await page.getByRole('option', { name: option, selected: true }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  }
  await go('task types', 'Task types')
  await page.waitForURL(/\/t\/default\/task-types$/)
  await go('wharf-load', /wharf-load/)
  await page.waitForURL(/\/dags\/wharf-load$/)
  await go('WHARF-Y', /wharf-yearly/)
  await page.waitForURL(/\/schedules\/wharf-yearly$/)
  await go(`#${run}`, `Run ${run}`)
  await page.waitForURL(new RegExp(`/runs/${run}$`))
  await go('harbour', /harbour/)
  await page.waitForURL(/\/t\/harbour$/)
  await page.getByRole('heading', { level: 1 }).waitFor()
  expect(faults).toEqual([])
  await context.close()
})

test('the arrows go through what was found and round it; Escape leaves where one was', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/runs')
  await settle(page)
  await page.getByRole('button', { name: /^Go to/ }).click()
  await page.getByRole('dialog').getByRole('combobox').waitFor()
  await page.keyboard.type('wharf')
  await page.getByRole('dialog').getByRole('status').getByText('2 found').waitFor()
  const chosen = () => page.getByRole('option', { selected: true }).textContent()
  expect(await chosen()).toContain('wharf-load')
  await page.keyboard.press('ArrowDown')
  expect(await chosen()).toContain('wharf-yearly')
  await page.keyboard.press('ArrowDown')
  expect(await chosen()).toContain('wharf-load')
  await page.keyboard.press('ArrowUp')
  expect(await chosen()).toContain('wharf-yearly')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  expect(new URL(page.url()).pathname).toBe('/t/default/runs')
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toMatch(/^Go to/)
  await context.close()
})

test('a click goes too, and nothing found says so', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/runs')
  await settle(page)
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').getByRole('combobox').fill('nothing of that name')
  await page.getByRole('dialog').getByRole('status').getByText('Nothing found').waitFor()
  await page.getByRole('dialog').getByRole('combobox').fill('wharf')
  await page.getByRole('option', { name: /wharf-load/ }).click()
  await page.waitForURL(/\/dags\/wharf-load$/)
  await context.close()
})

test.each([
  ['en', 'light', 1440],
  ['zh', 'dark', 390],
] as const)('axe finds nothing on it in %s, %s, %i px wide', async (language, theme, width) => {
  const { page, context } = await openConsole({ language, theme, width, height: 844 })
  await page.goto('/t/default/runs')
  await settle(page)
  await page.keyboard.press('Control+k')
  for (const typed of ['', 'wharf', 'nothing of that name']) {
    await page.getByRole('dialog').getByRole('combobox').fill(typed)
    await page.waitForFunction(() => !/Looking|正在查找/.test(document.body.innerText))
    await shoot(page, `palette-${typed.slice(0, 5)}-${language}-${theme}`)
    expect(await axeFinds(page), typed).toEqual([])
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
  await context.close()
})

test('when it cannot be loaded the page stays, and it comes after a reload', async () => {
  const { page, context } = await openConsole()
  let up = false
  await page.route(/\/Palette-[^/]*\.js$/, (route) => (up ? route.continue() : route.abort()))
  await page.goto('/t/default/tasks')
  await settle(page)
  await page.keyboard.press('Control+k')
  const lost = page.getByRole('alert').filter({ hasText: 'This could not be loaded' })
  await lost.getByRole('button', { name: 'Try again' }).waitFor()
  expect(await page.getByRole('heading', { name: 'Tasks', exact: true }).count()).toBe(1)
  expect(await axeFinds(page)).toEqual([])
  await lost.getByRole('button', { name: 'Close' }).click()
  await lost.waitFor({ state: 'hidden' })
  await page.keyboard.press('Control+k')
  await lost.getByRole('button', { name: 'Try again' }).click()
  await lost.waitFor()
  up = true
  await lost.getByRole('button', { name: 'Reload the page' }).click()
  await lost.waitFor({ state: 'hidden' })
  await settle(page)
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').getByRole('combobox').waitFor()
  expect(await lost.count()).toBe(0)
  await context.close()
})
