import { expect, test } from 'vitest'
import { api, openConsole, shoot, useBrowser } from './console.ts'

useBrowser()

test('a Chinese session reads in Chinese what the server says: a wrong field, a conflict, why nothing runs, what is wrong with a DAG', async () => {
  const { apps, taskTypes, tasks, dags, dagVersions, runs } = api()
  await apps.create({ body: { code: 'said' } })
  await taskTypes.create({ body: { code: 'said', kind: 'handler', app: 'said', settings: { handler: 'speak' } } })
  await tasks.create({ body: { code: 'said', type: 'said' } })
  await dags.create({ body: { code: 'said' } })
  const nodes = [{ code: 'a', task: 'not-there' }]
  await dagVersions.create({ params: { dag: 'said' }, body: { definition: { nodes, edges: [] }, incomplete: true } })
  const { runId } = await runs.trigger({ params: { task: 'said' }, body: {} })

  const { page, context } = await openConsole({ language: 'zh' })
  await page.goto('/t/default/apps')
  await page.getByRole('button', { name: '新建应用' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: '代码' }).fill('not a code')
  await dialog.getByRole('button', { name: '创建' }).click()
  await dialog.getByText('无效:字母、数字、"_"、"." 和 "-"', { exact: false }).first().waitFor()
  await dialog.getByRole('textbox', { name: '代码' }).fill('said')
  await dialog.getByRole('button', { name: '创建' }).click()
  await dialog.getByRole('alert').getByText('此代码已被使用,请换一个。').waitFor()
  await shoot(page, 'said-conflict-zh')

  await page.goto(`/t/default/runs/${runId}`)
  const why = page.getByRole('region', { name: '为什么没有运行?' })
  await why.getByText('没有执行器提供应用 said 中的处理器 speak。').waitFor()

  await page.goto('/t/default/dags/said/edit')
  await page.getByRole('region', { name: '问题' }).getByText('所指的任务 not-there 在此租户中不存在', { exact: false }).waitFor()
  await shoot(page, 'said-dag-zh')
  expect(await page.getByText('does not exist').count()).toBe(0)
  await context.close()
})
