import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { dagOf, delayTask, sharedClient, stateOfNode } from '../testing/tasks.ts'

const trigger = async (dag: string) => (await runJson<{ runId: number }>(['trigger', dag, '--dag'])).runId
const asking = { nodes: [{ code: 'ask', approval: {} }], edges: [] }

test('approve and reject decide, with a comment that stays with the node', async () => {
  const dag = await dagOf(asking)
  const [yes, no] = [await trigger(dag), await trigger(dag)]
  expect(await run(['approve', `${yes}/ask`, '--comment', 'as agreed'])).toEqual({ code: 0, out: `Node ${yes}/ask is approved.\n`, err: '' }) // prettier-ignore
  expect(await run(['reject', `${no}/ask`])).toEqual({ code: 0, out: `Node ${no}/ask is rejected.\n`, err: '' })
  const { instances } = await sharedClient().runs.get({ params: { run: yes } })
  expect(instances[0]).toMatchObject({ state: 'SUCCESS', output: expect.objectContaining({ comment: 'as agreed' }) })
  expect(await stateOfNode(no, 'ask')).toBe('FAILED')
})

test('an instance is named by its own identifier too; the second of two decisions is refused with 4', async () => {
  const id = await trigger(await dagOf(asking))
  const [instance] = (await sharedClient().instances.list({ query: { run: id } })).items
  expect((await run(['approve', String(instance!.id)])).code).toBe(0)
  expect((await run(['approve', String(instance!.id)])).code).toBe(4)
})

test('skip marks nodes as done, run-now ends a wait; of several each is answered by itself', async () => {
  const task = await delayTask(1)
  const dag = await dagOf({
    nodes: [
      { code: 'pause', wait: { ms: 86_400_000 } },
      { code: 'work', task },
      { code: 'more', task },
    ],
    edges: [
      { from: 'pause', to: 'work' },
      { from: 'work', to: 'more' },
    ],
  })
  const id = await trigger(dag)
  const skipped = await run(['skip', `${id}/more`, `${id}/nope`, `${id}/work`])
  expect(skipped).toMatchObject({ code: 3, out: `Node ${id}/more is skipped.\nNode ${id}/work is skipped.\n` })
  expect(skipped.err).toContain(`Node ${id}/nope: Run ${id} has no "${id}/nope"`)
  expect(await run(['run-now', `${id}/pause`])).toMatchObject({ code: 0, out: `Node ${id}/pause goes on now.\n` })
  await expect.poll(async () => (await sharedClient().runs.get({ params: { run: id } })).state).toBe('SUCCESS')
})

test('what is no node is a slip on the command line', async () => {
  const { code, err } = await run(['approve', 'ask'])
  expect(code).toBe(2)
  expect(err).toContain("'ask' is no <node>. It looks like 2855706575241237/send")
})
