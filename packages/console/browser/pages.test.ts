import { beforeAll, describe, expect, test } from 'vitest'
import { LANGUAGES, THEMES, api, axeFinds, openConsole, settle, shoot, useBrowser } from './console.ts'
import { createNightly } from './nightly.ts'
import { PAGES } from './pages.ts'

useBrowser()

beforeAll(async () => {
  await createNightly()
  await api().runs.trigger({ params: { task: 'weather-report-seattle' }, body: {} })
  await api().calendars.create({ body: { code: 'holidays', timezone: 'Asia/Shanghai', days: ['2026-10-01'] } })
  await api().secrets.create({ body: { name: 'mail-password', value: 'not this one' } })
})

describe.each(LANGUAGES)('in %s', (language) => {
  describe.each(THEMES)('%s', (theme) => {
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
})

test('on a phone no page is wider than the screen', async () => {
  const { page, context } = await openConsole({ language: 'zh', width: 390, height: 844 })
  const wide: string[] = []
  for (const { name, path } of PAGES) {
    await page.goto(path)
    await settle(page)
    await shoot(page, `${name}-phone`)
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    if (width > 390) wide.push(`${name}: ${width}`)
  }
  expect(wide).toEqual([])
  await context.close()
})
