import { runHandler } from '@carillon/executor/testing'
import { expect, it } from 'vitest'
import { logHandler } from './log-handler.ts'

it('writes its message at its level and returns the parameters', async () => {
  const result = await runHandler(logHandler, { settings: { message: 'Hello', level: 'WARN' }, params: { customer: 7 } })
  expect(result).toMatchObject({ outcome: 'SUCCESS', output: { customer: 7 } })
  expect(result.logs).toEqual([{ level: 'WARN', source: 'handler', text: 'Hello' }])
})

it('writes at INFO where no level is named', async () => {
  const { logs } = await runHandler(logHandler, { settings: { message: 'Hello' } })
  expect(logs).toEqual([{ level: 'INFO', source: 'handler', text: 'Hello' }])
})
