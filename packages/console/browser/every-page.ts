import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { api, axeFinds, openConsole, settle, shoot, type LANGUAGES, type THEMES } from './console.ts'
import type { Page } from 'playwright-core'
import { failRun } from './failed-run.ts'
import { endOf, startJourneys } from './journeys.ts'
import { createNightly } from './nightly.ts'
import { pagesOf, type Place, type Samples } from './pages.ts'

type Look = readonly [(typeof LANGUAGES)[number], (typeof THEMES)[number]]

/** Makes what the pages show, for a file of tests; answers what tells where that is, once it is there. */
export function useSamples(): () => Samples {
  let samples: Samples
  let stop: () => Promise<void>
  beforeAll(async () => {
    const { executor } = await startJourneys('pages')
    stop = () => executor.stop()
    await createNightly()
    const { runId } = await api().runs.trigger({ params: { task: 'weather-report-seattle' }, body: {} })
    await api().calendars.create({ body: { code: 'holidays', timezone: 'Asia/Shanghai', days: ['2026-10-01'] } })
    await api().secrets.create({ body: { name: 'mail-password', value: 'not this one' } })
    await api().schedules.createBackfill({
      params: { schedule: 'weather-every-minute' },
      body: { fromAt: Date.UTC(2026, 0, 1), toAt: Date.UTC(2026, 0, 1, 0, 1) },
    })
    const failedRun = await failRun()
    await endOf(runId)
    const { items } = await api().executors.list({ query: { app: 'journeys', status: 'ONLINE' } })
    samples = { failedRun, taskRun: runId, executor: items[0]!.id }
  })
  afterAll(() => stop())
  return () => samples
}

/** Goes there, and waits until all of it stands. */
export async function visit(page: Page, { path, shows }: Place): Promise<void> {
  await page.goto(path)
  await settle(page)
  // In the document: the nodes of a graph are drawn, and their words stand beside it for those who read them.
  if (shows !== undefined) await page.locator(shows).first().waitFor({ state: 'attached' })
}

/** These pages in these languages and themes, looked at by axe, with a picture of each. */
export function testPages(looks: readonly Look[], samples: () => Samples, pages = pagesOf): void {
  describe.each(looks)('in %s, %s', (language, theme) => {
    test('axe finds nothing on any page, and no page says an error to the console', async () => {
      const { page, context, faults } = await openConsole({ language, theme })
      const found: string[] = []
      for (const place of pages(samples())) {
        await visit(page, place)
        await shoot(page, `${place.name}-${language}-${theme}`)
        found.push(...(await axeFinds(page)).map((line) => `${place.name}: ${line}`))
      }
      expect(found).toEqual([])
      expect(faults.filter((fault) => !/status of 404/.test(fault))).toEqual([])
      await context.close()
    })

    test('so it is with the sign-in page', async () => {
      const { page, context, faults } = await openConsole({ language, theme, as: null })
      await page.goto('/t/default/runs')
      await settle(page)
      await shoot(page, `sign-in-${language}-${theme}`)
      expect(await axeFinds(page)).toEqual([])
      // That there is no session is said by 401.
      expect(faults.filter((fault) => !/status of 401/.test(fault))).toEqual([])
      await context.close()
    })
  })
}
