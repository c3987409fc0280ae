import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { api, axeFinds, openConsole, settle, shoot, useBrowser } from './console.ts'

useBrowser()

/** What is registered by hand: something that answers health checks, and beats as xxl-job asks for them. */
let machine: Server
let address: string
let asked: string[] = []

beforeAll(async () => {
  machine = createServer((request, answer) => {
    asked = [...asked, request.url!]
    answer.writeHead(200).end('{"code":200}')
  })
  await new Promise<void>((resolve) => machine.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(machine.address() as AddressInfo).port}`
  await api().apps.create({ body: { code: 'by-hand' } })
})
afterAll(() => new Promise((resolve) => machine.close(resolve)))

test('a push executor is registered by hand: what is refused stands at its field and nothing typed is lost; it comes into service once it has answered', async () => {
  const { page, context, faults } = await openConsole()
  await page.goto('/t/default/executors')
  await page.getByRole('button', { name: 'Register an executor' }).click()
  const dialog = page.getByRole('dialog')
  // A field of a password has no role.
  const field = (name: string) =>
    name === 'Token' ? dialog.locator('input[type=password]') : dialog.getByRole('textbox', { name, exact: true })
  await field('App').fill('no-such-app')
  await field('Name').fill('press-1')
  await field('Address').fill('ftp://press.example.com')
  await field('Health URL').fill(`${address}/health`)
  await field('Handlers').fill('print\nfold')
  await field('Places').fill('many')
  await field('Token').fill('short')
  await field('Labels').fill('hall')
  await dialog.getByText('Write each line as key=value').waitFor()
  await field('Labels').fill('hall=2')
  const refused = async (...names: readonly string[]) => {
    await dialog.getByRole('button', { name: 'Register', exact: true }).click()
    for (const name of names) {
      if (name === 'Token') await dialog.locator('.mantine-PasswordInput-error').waitFor()
      else await dialog.locator('[aria-invalid=true]').and(field(name)).waitFor()
    }
  }
  await refused('Places', 'Token')
  await shoot(page, 'executor-form-refused')
  expect(await axeFinds(page)).toEqual([])
  await field('Places').fill('4')
  await field('Token').fill('a token of sixteen signs')
  await refused('Address')
  await field('Address').fill(address)
  await refused('App')
  expect(await field('Handlers').inputValue()).toBe('print\nfold')
  await field('App').fill('by-hand')
  await dialog.getByRole('button', { name: 'Register', exact: true }).click()
  await page.getByRole('heading', { name: 'press-1' }).waitFor()
  await page.getByText('Healthy', { exact: true }).first().waitFor()
  expect(asked).toContain('/health')
  expect(faults.filter((fault) => !/status of 4(04|22)/.test(fault))).toEqual([])
  await context.close()
})

test('it is edited on its page; its token stays and is never shown', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/executors?app=by-hand')
  await page.getByRole('link', { name: 'press-1' }).click()
  await page.getByRole('button', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog')
  await settle(page)
  expect(await dialog.getByRole('textbox', { name: 'Address', exact: true }).inputValue()).toBe(address)
  expect(await dialog.locator('input[type=password]').inputValue()).toBe('')
  expect(await page.content()).not.toContain('a token of sixteen signs')
  await shoot(page, 'executor-form-edit')
  await dialog.getByRole('textbox', { name: 'Places', exact: true }).fill('9')
  await dialog.getByRole('textbox', { name: 'Handlers', exact: true }).fill('print')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByText('0 / 9').waitFor()
  const { items } = await api().executors.list({ query: { app: 'by-hand' } })
  expect(items[0]).toMatchObject({ capacity: 9, handlers: ['print'], address, labels: { hall: '2' } })
  await context.close()
})

test('one of xxl-job is registered by its address and the token that it calls back with; the rest its protocol gives', async () => {
  const { page, context, faults } = await openConsole()
  const { secret } = await api().tokens.create({ body: { name: 'old', role: 'executor', app: 'by-hand' } })
  await page.goto('/t/default/executors')
  await page.getByRole('button', { name: 'Register an executor' }).click()
  const dialog = page.getByRole('dialog')
  const field = (name: string) => dialog.getByRole('textbox', { name, exact: true })
  await field('App').fill('by-hand')
  await field('Address').fill(`${address}/old`)
  await dialog.getByRole('combobox', { name: 'Protocol' }).click()
  await page.getByRole('option', { name: 'xxl-job' }).click()
  await field('Handlers').waitFor({ state: 'detached' })
  expect(await field('Address').inputValue()).toBe(`${address}/old`)
  await dialog.locator('input[type=password]').fill('default_token_of_old')
  await dialog.getByRole('button', { name: 'Register', exact: true }).click()
  await dialog.locator('.mantine-PasswordInput-error', { hasText: 'is no token of the role executor' }).waitFor()
  await settle(page)
  await shoot(page, 'executor-form-xxl-job')
  expect(await axeFinds(page)).toEqual([])
  await dialog.locator('input[type=password]').fill(secret)
  await dialog.getByRole('button', { name: 'Register', exact: true }).click()
  await page.getByRole('heading', { name: `${address}/old` }).waitFor()
  await page.getByText('Healthy', { exact: true }).first().waitFor()
  expect(asked).toContain('/old/beat')
  await page.getByRole('button', { name: 'Edit' }).click()
  await field('Places').fill('7')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('0 / 7').waitFor()
  expect(faults.filter((fault) => !/status of 422/.test(fault))).toEqual([])
  await context.close()
})

test('one that registers itself is not offered to be edited', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/executors?app=examples')
  await page.getByRole('table').getByRole('link').first().click()
  await page.getByRole('button', { name: 'Delete' }).waitFor()
  expect(await page.getByRole('button', { name: 'Edit' }).count()).toBe(0)
  await context.close()
})

test('on a phone, in Chinese and dark the form is as wide as the screen, and axe finds nothing', async () => {
  const { page, context } = await openConsole({ language: 'zh', theme: 'dark', width: 390, height: 844 })
  await page.goto('/t/default/executors')
  await page.getByRole('button', { name: '登记执行器' }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: '地址', exact: true }).waitFor()
  await shoot(page, 'executor-form-phone')
  expect(await axeFinds(page)).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  await context.close()
})
