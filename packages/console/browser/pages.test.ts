import { expect, test } from 'vitest'
import { openConsole, shoot, useBrowser } from './console.ts'
import { testPages, useSamples, visit } from './every-page.ts'
import { numberedPages, pagesOf } from './pages.ts'

useBrowser()
const samples = useSamples()

// The other pairs are in pages.long.test.ts.
testPages([['en', 'light']], samples)
testPages([['zh', 'dark']], samples, numberedPages)

test('on a phone no page is wider than the screen', async () => {
  const { page, context } = await openConsole({ language: 'zh', width: 390, height: 844 })
  const wide: string[] = []
  for (const place of pagesOf(samples())) {
    await visit(page, place)
    await shoot(page, `${place.name}-phone`)
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    if (width > 390) wide.push(`${place.name}: ${width}`)
  }
  expect(wide).toEqual([])
  await context.close()
})
