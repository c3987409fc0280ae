import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { setStage, type Stage } from './stage.test-helper.ts'

// The two published npm packages, unchanged, against `carillon dev`: their code in examples/xxl-job knows nothing of Carillon.

let stage: Stage
beforeAll(async () => {
  stage = await setStage(inject('dev'), 'xxl-job-npm')
})
afterAll(() => stage.close())

const isOver = ({ state }: { readonly state: string }) => !['PENDING', 'RUNNING', 'PAUSED'].includes(state)

test('a handler of `xxl-job` runs with its parameter, its result is the output, its log lines arrive', async () => {
  await stage.start('xxl-job')
  await stage.task('greet', 'greet', { params: { executorParam: 'world' } })
  const run = await stage.until(await stage.trigger('greet'), isOver)
  expect(run).toMatchObject({ state: 'SUCCESS', instances: [{ output: { greeted: 'world' }, attempt: 1 }] })
  const lines = await stage.log(run.instances[0]!.id, 'is finished')
  expect(lines.filter((line) => line.includes('Hello, world! This is part 0 of 1.'))).toHaveLength(1)
})
