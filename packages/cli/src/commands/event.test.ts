import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { dagOf, sharedClient } from '../testing/tasks.ts'

test('event tells the nodes that wait for its name and key, with what it carries', async () => {
  const dag = await dagOf({
    nodes: [{ code: 'paid', wait: { event: { name: 'paid', key: 'params.order', timeoutMs: 600_000 } } }],
    edges: [],
  })
  const order = `A-${process.pid}`
  const { runId } = await runJson<{ runId: number }>(['trigger', dag, '--dag', '-p', `order=${order}`])
  expect((await run(['event', 'paid', '--key', 'other'])).out).toBe('No node waits for it; it is not kept.\n')
  const told = await run(['event', 'paid', '--key', order, '--payload', '{"by": "card", "sum": 3}', '-p', 'sum=4'])
  expect(told).toEqual({ code: 0, out: 'Nodes that waited for it: 1.\n', err: '' })
  const { instances } = await sharedClient().runs.get({ params: { run: runId } })
  expect(instances[0]).toMatchObject({ state: 'SUCCESS', output: { by: 'card', sum: 4 } })
})

test('a payload that is no JSON, and an event without key, are slips on the command line', async () => {
  expect(await run(['event', 'paid', '--key', 'a', '--payload', '{by'])).toMatchObject({ code: 2, err: expect.stringContaining('It should be JSON') }) // prettier-ignore
  expect(await run(['event', 'paid'])).toMatchObject({ code: 2, err: expect.stringContaining('--key <key> is missing') })
})
