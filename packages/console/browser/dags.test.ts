import { expect, test } from 'vitest'
import { api, openConsole, settle, useBrowser } from './console.ts'

useBrowser()

test('what others do to a DAG is seen on its page, and what a form began from before that is a conflict', async () => {
  await api().dags.create({ body: { code: 'seen-by-two' } })
  const { page, context } = await openConsole()
  await page.goto('/t/default/dags/seen-by-two?tab=settings')
  await page.getByRole('button', { name: /Change settings/ }).click()
  await page.getByRole('dialog').getByLabel('Owner').fill('the first')
  const { version } = await api().dags.get({ params: { dag: 'seen-by-two' } })
  await api().dags.update({ params: { dag: 'seen-by-two' }, body: { version, name: 'by the second' } })
  await page.getByText('by the second').first().waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').getByRole('alert').waitFor()
  expect(await api().dags.get({ params: { dag: 'seen-by-two' } })).toMatchObject({ name: 'by the second', owner: '' })
  await context.close()
})

test('DAGs that are selected are paused, resumed and deleted together', async () => {
  const codes = ['many-first', 'many-second']
  for (const code of codes) await api().dags.create({ body: { code } })
  const paused = async () => (await api().dags.list({ query: { q: 'many-', paused: true } })).items.map(({ code }) => code)
  const { page, context } = await openConsole()
  await page.goto('/t/default/dags?q=many-')
  const dialog = page.getByRole('dialog')
  const act = async (word: string, reason?: string) => {
    for (const code of codes) await page.getByLabel(`Select ${code}`).check()
    await page.getByRole('group', { name: '2 selected' }).getByRole('button', { name: word }).click()
    if (reason !== undefined) await dialog.getByLabel('Reason').fill(reason)
    await dialog.getByRole('button', { name: `${word} 2` }).click()
    await dialog.getByText('2 done').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  }
  await act('Pause', 'the books are being closed')
  await page.getByRole('row').getByText('Paused', { exact: true }).nth(1).waitFor()
  expect((await paused()).toSorted()).toEqual(codes)
  expect((await api().dags.get({ params: { dag: codes[0]! } })).pauseReason).toBe('the books are being closed')
  await act('Resume')
  expect(await paused()).toEqual([])
  await act('Delete')
  await page.getByText('No DAG matches').waitFor()
  expect((await api().dags.list({ query: { q: 'many-' } })).items).toEqual([])
  await context.close()
})

test('the outline has every node of a thousand, those in sight drawn', async () => {
  await api().dags.create({ body: { code: 'long-outline' } })
  const nodes = Array.from({ length: 1_000 }, (_, place) => ({ code: `n${String(place).padStart(3, '0')}`, wait: { ms: 1_000 } }))
  const edges = nodes.slice(1).map(({ code }, place) => ({ from: nodes[place]!.code, to: code }))
  await api().dagVersions.create({ params: { dag: 'long-outline' }, body: { definition: { nodes, edges }, incomplete: true } })
  const { page, context } = await openConsole()
  await page.goto('/t/default/dags/long-outline/edit?view=outline')
  const outline = page.getByRole('region', { name: 'Outline' })
  await outline.getByRole('button', { name: 'n000' }).waitFor()
  await settle(page)
  expect(await outline.getByRole('table').getAttribute('aria-rowcount')).toBe('1001')
  expect(await outline.getByRole('row').count()).toBeLessThan(100)
  for (const code of ['n500', 'n999']) {
    await outline.evaluate((box, share) => (box.scrollTop = share * box.scrollHeight), code === 'n500' ? 0.5 : 1)
    await outline.getByRole('button', { name: code }).click()
    await page.waitForURL(new RegExp(`node=${code}`))
  }
  // As high as was reckoned: what is last stands at the end.
  const below = await outline.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)
  expect(below).toBeLessThan(2)
  await context.close()
})
