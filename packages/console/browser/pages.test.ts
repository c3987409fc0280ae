import { expect, test } from 'vitest'
import { openConsole, settle, shoot, useBrowser } from './console.ts'
import { testPages, useSamples } from './every-page.ts'
import { PAGES } from './pages.ts'

useBrowser()
useSamples()

// The other three pairs are in pages.long.test.ts.
testPages([['en', 'light']])

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
