import type { Page } from 'playwright-core'
import { describe, expect, inject, test } from 'vitest'
import { api, createPerson, openConsole, useBrowser } from './console.ts'

useBrowser()

test('the printed password signs in, and leads to the address that was asked for', async () => {
  const { login, password } = inject('stage')
  const { page, context } = await openConsole({ as: null })
  await page.goto('/t/default/runs?state=FAILED')
  await page.getByLabel('Name').fill(login)
  await page.locator('input[name=password]').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor()
  expect(new URL(page.url()).search).toBe('?state=FAILED')
  await context.close()
})

test('a wrong password is refused in words, and what was typed stays', async () => {
  const { page, context } = await openConsole({ as: null })
  await page.goto('/')
  await page.getByLabel('Name').fill('nobody')
  await page.locator('input[name=password]').fill('certainly not this one')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
  expect(await page.getByLabel('Name').inputValue()).toBe('nobody')
  await context.close()
})

test('a session that ends under a form is renewed over it, and nothing typed is lost', async () => {
  const { password } = inject('stage')
  const { page, context } = await openConsole()
  await page.goto('/t/default/tasks')
  await page.getByRole('button', { name: 'New task' }).first().click()
  await page.getByRole('textbox', { name: 'Code', exact: true }).fill('typed-before-the-end')
  await context.clearCookies()
  await page.getByRole('button', { name: 'Create' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await dialog.locator('input[name=password]').fill(password)
  await dialog.getByRole('button', { name: 'Sign in' }).click()
  await dialog.waitFor({ state: 'hidden' })
  expect(await page.getByRole('textbox', { name: 'Code', exact: true }).inputValue()).toBe('typed-before-the-end')
  await context.close()
})

describe('while a DAG is edited', () => {
  const SOON = { timeout: 30_000 }
  const newDraft = async (dag: string) => {
    await api().dags.create({ body: { code: dag } })
    const nodes = [{ code: 'first', task: 'weather-report-seattle' }]
    await api().dagVersions.create({ params: { dag }, body: { definition: { nodes, edges: [] } } })
  }
  const nodesOf = async (dag: string) => (await api().dagVersions.get({ params: { dag, number: 1 } })).nodeCount
  const saveState = (page: Page, kind: string) => page.locator(`[data-save=${kind}]`).waitFor()
  const copyNode = async (page: Page) => {
    await page.getByRole('tree').focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ControlOrMeta+d')
  }

  test('a session that ends takes no edit with it: what was drawn is saved once one is signed in again', async () => {
    await newDraft('session-ends')
    const { page, context } = await openConsole()
    await page.goto('/t/default/dags/session-ends/edit')
    await saveState(page, 'SAVED')
    await context.clearCookies()
    await copyNode(page)
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
    await dialog.locator('input[name=password]').fill(inject('stage').password)
    expect(await nodesOf('session-ends')).toBe(1)
    await dialog.getByRole('button', { name: 'Sign in' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await saveState(page, 'SAVED')
    await expect.poll(() => nodesOf('session-ends'), SOON).toBe(2)
    await context.close()
  })

  test('a role that is taken away takes no edit with it: it is said to be refused, kept here, and saved when the role is back', async () => {
    await newDraft('role-taken')
    const { login, password } = await createPerson('draws-dags')
    const give = (role: 'developer' | 'viewer') => api().members.set({ params: { login }, body: { role } })
    await give('developer')
    const { page, context } = await openConsole({ as: { login, password } })
    await page.goto('/t/default/dags/role-taken/edit')
    await saveState(page, 'SAVED')
    await give('viewer')
    await copyNode(page)
    await saveState(page, 'REFUSED')
    expect(await page.getByRole('treeitem').count()).toBe(2)
    expect(await nodesOf('role-taken')).toBe(1)
    await give('developer')
    await page.reload()
    await saveState(page, 'SAVED')
    await expect.poll(() => nodesOf('role-taken'), SOON).toBe(2)
    await context.close()
  })
})

test('signing out ends the session, not only its page', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/runs')
  await page.getByRole('button', { name: /^Account of/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  expect((await context.request.get('/api/v1/session', { headers: { 'carillon-console': '1' } })).status()).toBe(401)
  await context.close()
})

test('language and theme are kept', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/runs')
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitem', { name: '简体中文' }).click()
  await page.getByRole('button', { name: '主题' }).click()
  await page.getByRole('menuitem', { name: '深色' }).click()
  await page.reload()
  await page.getByRole('heading', { name: '运行记录', level: 1 }).waitFor()
  expect(
    await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset['mantineColorScheme']]),
  ).toEqual(['zh-CN', 'dark'])
  await context.close()
})

test('on a phone the zone of times is chosen under My account', async () => {
  const { page, context } = await openConsole({ width: 390, height: 844 })
  await page.goto('/me')
  const seen = page.getByRole('table', { name: 'Where I am signed in' }).locator('time').last()
  await seen.filter({ hasText: 'GMT+8' }).waitFor()
  await page.getByRole('main').getByLabel('Times in').first().click()
  await page.getByRole('option', { name: 'UTC' }).click()
  await seen.filter({ hasText: 'UTC' }).waitFor()
  await page.reload()
  await seen.filter({ hasText: 'UTC' }).waitFor()
  await context.close()
})

test('while the server does not answer every page says so, keeps what it shows, and goes on by itself', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/tasks')
  await page.getByRole('link', { name: 'weather-report-seattle' }).waitFor()
  await context.setOffline(true)
  await page.getByText('The server does not answer.').waitFor()
  expect(await page.getByRole('link', { name: 'weather-report-seattle' }).count()).toBe(1)
  await context.setOffline(false)
  await page.getByText('The server does not answer.').waitFor({ state: 'hidden' })
  await context.close()
})

test('who sees little is offered little, and a link to more says why it leads nowhere', async () => {
  const viewer = await createPerson('viewer-of-default')
  await api().members.set({ params: { login: viewer.login }, body: { role: 'viewer' } })
  const { page, context } = await openConsole({ as: viewer })
  await page.goto('/t/default/tasks')
  await page.getByRole('link', { name: 'weather-report-seattle' }).waitFor()
  expect(await page.getByRole('button', { name: 'New task' }).count()).toBe(0)
  expect(await page.getByRole('link', { name: 'Audit' }).count()).toBe(0)
  await page.goto('/t/default/audit')
  await page.getByRole('heading', { name: 'You may not see this' }).waitFor()
  await context.close()
})
