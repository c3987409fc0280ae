import { beforeAll, describe, expect, test } from 'vitest'
import { api, axeFinds, openConsole, settle, shoot, type LANGUAGES, type THEMES } from './console.ts'
import { createNightly } from './nightly.ts'
import { PAGES } from './pages.ts'

type Look = readonly [(typeof LANGUAGES)[number], (typeof THEMES)[number]]

/** Makes what the pages show, for a file of tests. */
export function useSamples(): void {
  beforeAll(async () => {
    await createNightly()
    await api().runs.trigger({ params: { task: 'weather-report-seattle' }, body: {} })
    await api().calendars.create({ body: { code: 'holidays', timezone: 'Asia/Shanghai', days: ['2026-10-01'] } })
    await api().secrets.create({ body: { name: 'mail-password', value: 'not this one' } })
    await api().schedules.createBackfill({
      params: { schedule: 'weather-every-minute' },
      body: { fromAt: Date.UTC(2026, 0, 1), toAt: Date.UTC(2026, 0, 1, 0, 1) },
    })
  })
}

/** Every page in these languages and themes, looked at by axe, with a picture of each. */
export function testPages(looks: readonly Look[]): void {
  describe.each(looks)('in %s, %s', (language, theme) => {
    test('axe finds nothing on any page, and no page says an error to the console', async () => {
      const { page, context, faults } = await openConsole({ language, theme })
      const found: string[] = []
      for (const { name, path } of PAGES) {
        await page.goto(path)
        await settle(page)
        await shoot(page, `${name}-${language}-${theme}`)
        found.push(...(await axeFinds(page)).map((line) => `${name}: ${line}`))
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
