import type { Task } from '@carillon/contract'
import { expect, test } from 'vitest'
import { changeOf, creationOf, draftOf, type Draft } from './draft.ts'

const task = {
  ...{ id: 7, code: 'nightly', type: { id: 1, code: 'http-call' }, name: 'Nightly', description: '', owner: 'ops', version: 3 },
  ...{ labels: { team: 'data' }, params: { url: 'http://example.org' }, policies: { priority: 5, timeoutMs: 1_000 } },
  environment: { variables: { LANG: 'C' }, selector: { env: 'prod' } },
} as unknown as Task

test('a new task has what was typed; a name that was left empty is left out, the server makes one', () => {
  expect(creationOf({ ...draftOf(null), code: 'nightly', type: 'http-call' })).toEqual({
    ...{ code: 'nightly', type: 'http-call', description: '', owner: '', labels: {}, params: {}, policies: {}, environment: {} },
  })
})

test('a change that changes nothing sends the task as it is', () => {
  expect(changeOf(draftOf(task), task, 3)).toEqual({
    ...{ version: 3, code: 'nightly', type: 'http-call', name: 'Nightly', description: '', owner: 'ops' },
    ...{ labels: { team: 'data' }, params: task.params, policies: task.policies },
    environment: task.environment,
  })
})

test('a policy that was taken out goes back to what it inherits', () => {
  expect(changeOf({ ...draftOf(task), policies: { priority: 6 } }, task, 4)).toMatchObject({
    version: 4,
    policies: { priority: 6, timeoutMs: null },
  })
})

test('what is said of executors is changed, and taken out; what is not edited here stays', () => {
  const environmentOf = (selector: Draft['selector']) => changeOf({ ...draftOf(task), selector }, task, 3).environment
  expect(environmentOf([{ label: 'zone', rule: 'in', values: 'a\nb' }])).toEqual({
    variables: { LANG: 'C' },
    selector: { zone: { in: ['a', 'b'] } },
  })
  expect(environmentOf([])).toEqual({ variables: { LANG: 'C' } })
})

test('labels that cannot be read are not sent', () => {
  expect(creationOf({ ...draftOf(task), labels: 'team' })).not.toHaveProperty('labels')
})
