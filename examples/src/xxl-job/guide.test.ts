import { afterAll, beforeAll, expect, test } from 'vitest'
import { asTyped, blocksOf, makeClone, read, type Clone } from '../clone.test-helper.ts'
import { freePort } from './stage.test-helper.ts'

let clone: Clone
beforeAll(() => {
  clone = makeClone()
})
afterAll(() => clone.remove())

test('whoever follows the guide to executors of xxl-job has one at work', async () => {
  const guide = read('docs/guides/xxl-job.md')
  clone.write(guide)
  const typed = (note: string) => blocksOf(guide).flatMap((each) => (each.note === note ? [asTyped(each.code)] : []))
  const [define, use] = typed('run')
  const [start] = typed('start')
  const made = await clone.bash(define!)
  expect(made, made.err).toMatchObject({ code: 0 })
  const token = /carillon_[A-Za-z0-9_-]{43}/.exec(made.out)![0]
  const { code, out, err } = await clone.bash(`
    export TOKEN=${token} PORT=${await freePort()}
    ${start!.trim()} > executor.log &
    until grep -q 'Registry info: {"code":200' executor.log; do sleep 0.1; done
    ${use}`)
  expect({ code, err }, out).toMatchObject({ code: 0 })
  expect(out).toMatch(/shop +http:.*PUSH|http:.*\/job/)
  expect(out).toMatch(/SUCCESS/)
})
