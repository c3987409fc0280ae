import { expect, test } from 'vitest'
import type { ImportPlan } from './plan.ts'
import { planText } from './show.ts'

const EMPTY: ImportPlan = {
  naming: '3.5',
  timezone: 'UTC',
  apps: [],
  executors: [],
  types: [],
  tasks: [],
  dags: [],
  findings: [],
  users: [],
  lastLogId: null,
  firstLogId: 20_778 * 2 ** 37,
}
const shown = (plan: Partial<ImportPlan>) => planText({ columns: null, paint: (_, text) => text }, { ...EMPTY, ...plan })

test('of an empty database not much is said', () => {
  expect(shown({})).toBe(
    'An xxl-job database with the columns of 3.5; its times are taken for those of UTC.\nTask types: 0, tasks: 0, apps: none.',
  )
})

test('a finding names its jobs, the first dozen of many', () => {
  const jobs = Array.from({ length: 14 }, (_, at) => at + 1)
  expect(shown({ findings: [{ kind: 'DIFFERS', text: 'It is slower', jobs }] })).toContain(
    '\n\nWorks differently:\n- jobs 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more: It is slower.',
  )
})

test('what stands in the database cannot move the cursor or break a line', () => {
  const text = shown({
    apps: [{ code: 'a\u001B[2J', name: '', groups: [1, 2] }],
    findings: [{ kind: 'TO_DO', text: 'Do\n\u001B]0;x\u0007 it', jobs: [] }],
    users: [{ name: 'eve\r\u009B', admin: false, groupIds: [] }],
  })
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  expect(text).toContain('- Do \uFFFD]0;x\uFFFD it.')
  expect(text).toContain('eve \uFFFD (groups none)')
})

test('the last log number is said with where those from now on begin, unless they do not', () => {
  expect(shown({ lastLogId: 4711 })).toContain(
    'Its log numbers end at 4711; those that executors get from now on begin with the day, far above.',
  )
  expect(shown({ lastLogId: EMPTY.firstLogId })).toBe(shown({}))
})
