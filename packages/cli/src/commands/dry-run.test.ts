import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { dagOf, delayTask } from '../testing/tasks.ts'

async function chain(): Promise<string> {
  const task = await delayTask(1)
  return dagOf({
    params: { day: '2026-01-31' },
    nodes: [
      { code: 'list', task },
      { code: 'rest', wait: { ms: 5_000 } },
      { code: 'send', task, params: { day: '${{ params.day }}' } },
    ],
    edges: [
      { from: 'list', to: 'rest' },
      { from: 'rest', to: 'send' },
    ],
  })
}

test('dry-run shows which nodes would run, when, and with which parameters, and starts nothing', async () => {
  const dag = await chain()
  const { code, out, err } = await run(['dry-run', dag, '-p', 'day=today'])
  expect(code).toBe(0)
  expect(out).toMatch(
    /^NODE +STATE[^\n]*\nlist +SUCCESS +\+0ms[^\n]*\nrest +SUCCESS [^\n]*\+5\.0s[^\n]*\nsend +SUCCESS +\+5\.0s +\+5\.0s +{"day":"today"}\n$/,
  )
  expect(err).toBe(`A run of ${dag}, version 1, would end SUCCESS.\n`)
  expect(await runJson(['runs', '--dag', dag])).toEqual([])
})

test('outcomes are given by node, as a state or as JSON, and a run that would fail ends with 1', async () => {
  const dag = await chain()
  const failed = await run(['dry-run', dag, '1', '--outcome', 'list={"state": "FAILED", "error": {"message": "no list"}}'])
  expect(failed).toMatchObject({ code: 1, err: expect.stringContaining('would end FAILED') })
  expect(failed.out).toMatch(/list +FAILED .*no list\n/)
  expect(failed.out).toMatch(/send +SKIPPED .*UPSTREAM_FAILED\n/)
  expect((await run(['dry-run', dag, '--outcome', 'send=failed'])).out).toMatch(/send +FAILED/)
})

test('an outcome of a node that is not there is refused by the server, one that cannot be read before', async () => {
  const dag = await chain()
  expect((await run(['dry-run', dag, '--outcome', 'nope=FAILED'])).code).toBe(4)
  expect((await run(['dry-run', dag, '--outcome', 'send={'])).code).toBe(2)
})
