import { expect, test } from 'vitest'
import { api, openConsole, useBrowser } from './console.ts'

useBrowser()

test('a task is run from its form, and its run is seen to end without a reload', async () => {
  const { page, context, faults } = await openConsole()
  await page.goto('/t/default/tasks')
  await page.getByRole('button', { name: 'Run weather-report-seattle' }).click()
  await page.getByRole('button', { name: 'Run now' }).click()
  await page.waitForURL(/\/runs\/\d+$/)
  const id = page.url().split('/').pop()!
  await page.goto('/t/default/runs?origin=CONSOLE')
  const row = page.getByRole('row').filter({ hasText: `#${id}` })
  await row.getByText('Succeeded').waitFor({ timeout: 60_000 })
  expect(faults).toEqual([])
  await context.close()
})

test('a refused form shows what the server says at its field and keeps what was typed; corrected, it makes the task', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/tasks')
  await page.getByRole('button', { name: 'New task' }).first().click()
  await page.getByRole('textbox', { name: 'Code', exact: true }).fill('not a code')
  await page.getByRole('dialog').getByLabel('Task type').first().fill('weather')
  await page.getByRole('option', { name: 'weather-report' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Made by hand')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('alert').first().waitFor()
  expect(await page.getByRole('textbox', { name: 'Code', exact: true }).getAttribute('aria-invalid')).toBe('true')
  expect(await page.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe('Made by hand')
  await page.getByRole('textbox', { name: 'Code', exact: true }).fill('made-by-hand')
  await page.getByRole('dialog').getByLabel('location').first().click()
  await page.getByRole('option', { name: 'Seattle' }).click()
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { name: 'made-by-hand' }).waitFor()
  await context.close()
})

test('markup, right-to-left characters and scripts in names are text', async () => {
  const name = '<img src=x onerror="document.title=1">\u202Egpj.exe<script>document.title=2</script>'
  await api().tasks.create({ body: { code: 'shown-not-run', type: 'weather-report', name, params: { location: 'Seattle' } } })
  const { page, context, faults } = await openConsole()
  for (const path of ['/t/default/tasks', '/t/default/tasks/shown-not-run', '/t/default/audit']) {
    await page.goto(path)
    await page.getByText('shown-not-run').first().waitFor()
  }
  await page.goto('/t/default/tasks/shown-not-run')
  await page.getByText(name).waitFor()
  expect(await page.title()).toContain('shown-not-run')
  expect(faults).toEqual([])
  await context.close()
})

test('two people who change one task do not lose each other’s work', async () => {
  await api().tasks.create({ body: { code: 'changed-by-two', type: 'weather-report', params: { location: 'Seattle' } } })
  const { page, context } = await openConsole()
  await page.goto('/t/default/tasks/changed-by-two')
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('dialog').getByLabel('Owner').fill('the first')
  await api().tasks.update({ params: { task: 'changed-by-two' }, body: { version: 1, description: 'by the second' } })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Someone else has changed it meanwhile').waitFor()
  await page.getByText('by the second').waitFor()
  expect(await page.getByRole('dialog').getByLabel('Owner').inputValue()).toBe('the first')
  await context.close()
})

test('a filter stands in the address: Back brings the list before it, and a link shows the same', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/tasks')
  await page.getByLabel('Code or name').fill('seattle')
  await page.waitForURL(/q=seattle/)
  const link = page.url()
  await page.getByRole('link', { name: 'weather-report-seattle' }).click()
  await page.getByRole('heading', { name: 'weather-report-seattle' }).waitFor()
  await page.goBack()
  expect(page.url()).toBe(link)
  expect(await page.getByLabel('Code or name').inputValue()).toBe('seattle')
  await context.close()
})

test('a new token is shown once, and is accepted', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/tokens')
  await page.getByRole('button', { name: 'New token' }).click()
  await page.getByLabel('Name').fill('of the test')
  await page.getByRole('button', { name: 'Create' }).click()
  const secret = (await page.getByRole('dialog').locator('code').textContent())!
  const answer = await context.request.get('/api/v1/runs', { headers: { authorization: `Bearer ${secret}`, cookie: '' } })
  expect(answer.status()).toBe(200)
  await page.getByRole('button', { name: 'I have kept it' }).click()
  await page.reload()
  await page.getByText('of the test').waitFor()
  expect(await page.getByText(secret).count()).toBe(0)
  await context.close()
})
