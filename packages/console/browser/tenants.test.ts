import { expect, test } from 'vitest'
import { api, axeFinds, openConsole, settle, useBrowser } from './console.ts'

useBrowser()

test('a tenant is allowed private targets: what is refused stands at the field, and what is allowed is in the list', async () => {
  await api().tenants.create({ body: { code: 'inner-city' } })
  const { page, context, faults } = await openConsole()
  await page.goto('/platform/tenants?q=inner-city')
  await page.getByRole('button', { name: 'Edit inner-city' }).click()
  const dialog = page.getByRole('dialog')
  const field = dialog.getByRole('textbox', { name: 'Private targets' })
  await field.fill('10.20.0.0/16\n0.0.0.0/0')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.locator('[aria-invalid=true]').and(field).waitFor()
  await dialog.getByText('names 0.0.0.0/0, which reaches beyond private networks').first().waitFor()
  expect(await axeFinds(page)).toEqual([])
  await field.fill('10.20.0.0/16\nbilling.internal')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('cell', { name: '10.20.0.0/16, billing.internal' }).waitFor()
  await settle(page)
  expect(await api().tenants.get({ params: { tenant: 'inner-city' } })).toMatchObject({
    privateTargets: ['10.20.0.0/16', 'billing.internal'],
    kinds: null,
  })
  expect(faults.filter((fault) => !/status of 4(00|22)/.test(fault))).toEqual([])
  await context.close()
})
