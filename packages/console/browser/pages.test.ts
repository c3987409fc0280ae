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

test('roles, operations, what a node leads and days are said in words', async () => {
  const { page, context } = await openConsole({ language: 'zh' })
  const words = [
    ['/t/default/members', (at: typeof page) => at.locator('main input[value="所有者"]')],
    ['/t/default/tokens', (at: typeof page) => at.getByRole('row', { name: /执行器 · journeys/ })],
    ['/me', (at: typeof page) => at.getByText('所有者')],
    ['/platform/nodes', (at: typeof page) => at.getByRole('row', { name: /数据清理/ })],
    ['/t/default/audit', (at: typeof page) => at.getByRole('row', { name: /工作流版本: 启用版本/ })],
    ['/t/default/schedules/weather-every-minute', (at: typeof page) => at.getByRole('cell', { name: /周[一二三四五六日]/ })],
  ] as const
  for (const [path, word] of words) {
    await page.goto(path)
    await word(page).first().waitFor({ timeout: 20_000 })
  }
  await context.close()
})
