import { afterAll, beforeAll, expect, test } from 'vitest'
import { asTyped, blocksOf, makeClone, read, type Clone } from './clone.test-helper.ts'

let clone: Clone
beforeAll(() => {
  clone = makeClone()
})
afterAll(() => clone.remove())

const TASKS = ['list', 'send', 'report'].map((code) => `---\nkind: Task\ncode: invoices.${code}\ntype: invoices.step\n`)

test('the commands of the page on DAGs do what it says, with the DAG that it shows', async () => {
  const page = read('docs/concepts/dags.md')
  clone.write(page)
  const tasks = `cat > tasks.yaml <<'END'\nkind: TaskType\ncode: invoices.step\nwork: log\nsettings: { message: a step }\n${TASKS.join('')}END\nnpx carillon apply -f tasks.yaml`
  const script = blocksOf(page).flatMap(({ note, code }) => (note === 'run' ? [code] : []))
  const { code, out, err } = await clone.bash(asTyped([tasks, ...script].join('\n')))
  expect({ code, err }, out).toMatchObject({ code: 0 })
  expect(out).toContain('+ Dag invoices')
  expect(out).toMatch(
    /list +SUCCESS .*\nsign +SKIPPED .*CONDITION\nsend +SUCCESS .*\[{"place":0,"invoice":7}\]\nreport +SUCCESS .*"1 of 1"/,
  )
  expect(out).toMatch(/Run \d+ started/)
  expect(out).toMatch(/\d+ +invoices +/)
  expect(out).toMatch(/ +1 {2}ACTIVE +100% +4 /)
})
