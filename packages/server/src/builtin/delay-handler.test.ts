import { InstanceStopped } from '@carillon/executor'
import { runHandler } from '@carillon/executor/testing'
import { expect, it } from 'vitest'
import { delayHandler } from './delay-handler.ts'

it('waits as long as it says and returns the parameters', async () => {
  const begun = performance.now()
  const result = await runHandler(delayHandler, { settings: { ms: 30 }, params: { customer: 7 } })
  expect(performance.now() - begun).toBeGreaterThanOrEqual(29)
  expect(result).toMatchObject({ outcome: 'SUCCESS', output: { customer: 7 } })
})

it('does not wait at all for 0 ms', async () => {
  expect(await runHandler(delayHandler, { settings: { ms: 0 } })).toMatchObject({ outcome: 'SUCCESS', progress: [] })
})

it('says how far it is', async () => {
  const { progress } = await runHandler(delayHandler, { settings: { ms: 1200 } })
  const percents = progress.map(({ percent }) => percent)
  expect(percents.length).toBeGreaterThan(1)
  expect(percents[0]).toBe(0)
  expect(percents[1]).toBeGreaterThanOrEqual(83)
  expect(percents).toEqual([...new Set(percents)].sort((a, b) => a - b))
})

it('ends at once when it is stopped, with the reason', async () => {
  const stop = new AbortController()
  const running = runHandler(delayHandler, { settings: { ms: 86_400_000 }, signal: stop.signal })
  stop.abort(new InstanceStopped('CANCEL'))
  expect(await running).toMatchObject({ outcome: 'FAILURE', error: { code: 'CANCEL' } })
})
