import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { builtinTask, dagOf, delayTask, failingTask, sharedClient, stateOfNode } from '../testing/tasks.ts'

const ended = async (...args: string[]) => (await runJsonOf([...args, '--wait'])).id
const runOf = (id: number | string) => sharedClient().runs.get({ params: { run: id } })

/** Of a run that may have failed. */
async function runJsonOf(args: readonly string[]): Promise<{ id: number }> {
  return JSON.parse((await run([...args, '--json'])).out) as { id: number }
}

const nextOf = (out: string) => /runs again as run (\d+)/.exec(out)![1]!

test('retry answers with the new run', async () => {
  const id = await ended('trigger', await delayTask(1))
  const { code, out } = await run(['retry', String(id)])
  expect(code).toBe(0)
  expect(await runOf(nextOf(out))).toMatchObject({ parentRunId: id, origin: 'RETRY' })
})

test('-p changes parameters of the new run, over those that the first had', async () => {
  const id = await ended('trigger', await delayTask(1), '-p', 'a=1', '-p', 'b=1')
  const { out } = await run(['retry', String(id), '-p', 'b=2'])
  expect((await runOf(nextOf(out))).params).toEqual({ a: 1, b: 2 })
})

test('--from-failed lets stand what had succeeded, and what has been run again is not taken a second time with its DAG', async () => {
  const [good, bad] = [await builtinTask({ kind: 'log', settings: { message: 'x' } }), await failingTask()]
  const dag = await dagOf({ nodes: [{ code: 'first', task: good }, { code: 'second', task: bad }], edges: [{ from: 'first', to: 'second' }] }) // prettier-ignore
  const id = await ended('trigger', dag, '--dag')
  const fromFailed = await runOf(nextOf((await run(['retry', String(id), '--from-failed'])).out))
  expect(fromFailed.instances.find(({ nodeCode }) => nodeCode === 'first')?.state).toBe('SUCCESS')
  const again = await run(['retry', '--dag', dag, '--since', '1h', '--from-failed'])
  expect(again.code).toBe(0)
  // The new run may have failed by now, and is then taken itself.
  expect(again.out).not.toContain(`Run ${id} of`)
})

test('--dag runs the failed runs of a DAG again', async () => {
  const dag = await dagOf({ nodes: [{ code: 'bad', task: await failingTask() }], edges: [] })
  const id = await ended('trigger', dag, '--dag')
  const { code, out } = await run(['retry', '--dag', dag, '--since', '1h'])
  expect({ code, out }).toEqual({
    code: 0,
    out: expect.stringMatching(new RegExp(`^Run ${id} of ${dag} runs again as run \\d+\\.\\n$`)),
  })
})

test('a failed node runs again in its run; of a fan-out the element that is named', async () => {
  const bad = await failingTask()
  const dag = await dagOf({
    nodes: [
      { code: 'bad', task: bad },
      { code: 'each', task: bad, forEach: { items: '[1, 2]' } },
      { code: 'ask', approval: {} },
    ],
    edges: [],
  })
  const { runId } = await runJson<{ runId: number }>(['trigger', dag, '--dag'])
  await expect.poll(() => stateOfNode(runId, 'bad')).toBe('FAILED')
  await expect.poll(() => stateOfNode(runId, 'each')).toBe('FAILED')
  const node = await run(['retry', `${runId}/bad`, '-p', 'again=true'])
  expect(node).toMatchObject({ code: 0, out: expect.stringMatching(/^Node \d+\/bad runs again as instance \d+\.\n$/) })
  const instance = /instance (\d+)/.exec(node.out)![1]!
  expect((await sharedClient().instances.get({ params: { instance } })).params).toMatchObject({ again: true })
  const whole = await run(['retry', `${runId}/each`])
  expect(whole).toMatchObject({ code: 3, err: expect.stringContaining(`name one, from ${runId}/each/0 to ${runId}/each/1`) })
  expect(await run(['retry', `${runId}/each/1`])).toMatchObject({ code: 0, out: expect.stringContaining('runs again') })
  await run(['cancel', String(runId)])
})
