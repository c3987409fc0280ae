import { expect, test } from 'vitest'
import { mayTake, serves, workOf } from './served.ts'

const executor = (...handlers: string[]) => ({ handlers })

test('a type of the kind handler is served under the name that its settings say', () => {
  const type = { kind: 'handler', settings: { handler: 'mail.send' } }
  expect(
    [executor('mail.send', 'mail.drop'), executor('mail.drop'), executor('handler')].map((each) => serves(each, type)),
  ).toEqual([true, false, false])
})

test('a type of any other kind is served under the name of the kind, whatever its settings say', () => {
  expect(serves(executor('xxl-job'), { kind: 'xxl-job', settings: { handler: 'demoJobHandler' } })).toBe(true)
  expect(serves(executor('demoJobHandler'), { kind: 'xxl-job', settings: { handler: 'demoJobHandler' } })).toBe(false)
  expect(serves(executor('script', 'sql'), { kind: 'sql', settings: { fromParams: true } })).toBe(true)
  expect(serves(executor('script', 'sql'), { kind: 'container', settings: {} })).toBe(false)
})

test('a task whose routing names executors goes to no other', () => {
  expect([null, ['till-1', 'till-2'], ['till-2']].map((executors) => mayTake({ instance: 'till-1' }, { executors }))).toEqual([
    true,
    true,
    false,
  ])
})

test('of xxl-job the handler within the executor is shown, of what has no handler the kind', () => {
  expect(workOf({ kind: 'xxl-job', settings: { handler: 'demoJobHandler' } })).toBe('demoJobHandler')
  expect(workOf({ kind: 'script', settings: { fromParams: true } })).toBe('script')
})
