import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runHandler } from '@carillon/executor/testing'
import { expect, it, onTestFinished } from 'vitest'
import { runnerHandlers } from './index.ts'

function stage() {
  const files = mkdtempSync(join(tmpdir(), 'carillon-files-'))
  onTestFinished(() => rmSync(files, { recursive: true, force: true }))
  const render = (params: Record<string, unknown>, folder: string | undefined = files) =>
    runHandler(runnerHandlers(['report'], { files: folder })[0]!, { params, tenant: 7 })
  return { files, render }
}

it('TYP-5 a report is rendered into a file of its tenant; as HTML its values are escaped', async () => {
  const { files, render } = stage()
  const params = { template: '{{#rows}}<b>{{name}}</b>{{/rows}}', data: { rows: [{ name: 'a & b' }, { name: 'c' }] } }
  const result = await render({ ...params, format: 'html', file: 'deep/report.html' })
  expect(result.output).toEqual({ text: '<b>a &amp; b</b><b>c</b>', file: 'deep/report.html', bytes: 24 })
  expect(readFileSync(join(files, '7', 'deep', 'report.html'), 'utf8')).toBe('<b>a &amp; b</b><b>c</b>')
  expect(readdirSync(join(files, '7', 'deep'))).toEqual(['report.html'])
  expect((await render(params)).output).toMatchObject({ text: '<b>a & b</b><b>c</b>', file: null })
})

it.each(['../8/report', '/etc/cron.d/x', 'a/../../x', './x', 'a//b', 'a\\b'])('no file is written outside: %s', async (file) => {
  const { files, render } = stage()
  expect(await render({ template: 'x', data: {}, file })).toMatchObject({ error: { code: 'FILE_NAME' }, retriable: false })
  expect(readdirSync(files)).toEqual([])
})

it('a template that is none, and a file where the executor writes none, fail for good', async () => {
  const { render } = stage()
  expect(await render({ template: '{{#rows}}', data: {} })).toMatchObject({
    error: { code: 'REPORT_TEMPLATE' },
    retriable: false,
  })
  const nowhere = runHandler(runnerHandlers(['report'])[0]!, { params: { template: 'x', data: {}, file: 'x' } })
  expect(await nowhere).toMatchObject({ error: { code: 'NO_FILES' }, retriable: false })
})
