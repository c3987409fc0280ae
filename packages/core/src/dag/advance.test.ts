import { describe, expect, test } from 'vitest'
import { advance, initialCounters, outcomeOfRun, roots } from './advance.ts'
import { passOn, type EndedNode } from './pass-on.ts'
import { shapeOf } from './shape.test-helper.ts'

const diamond = shapeOf({ nodes: [{}, {}, {}, {}], edges: [[0, 1], [0, 2], [1, 3], [2, 3]] }) // prettier-ignore

test('a run begins with the nodes that nothing leads to', () => {
  expect(roots(diamond)).toEqual([0])
  expect(initialCounters(diamond).map(({ total }) => total)).toEqual([0, 1, 1, 2])
})

test('a node whose rule is satisfied is ready, one that waits is left out', () => {
  const touched = [
    { node: 1, parents: { total: 1, ok: 1, failed: 0, skipped: 0 } },
    { node: 3, parents: { total: 2, ok: 1, failed: 0, skipped: 0 } },
  ]
  expect(advance(diamond, touched)).toEqual([{ kind: 'READY', node: 1 }])
})

test('a node is skipped because something failed when an edge says so, and because of a condition otherwise', () => {
  const skipped = (failed: number) => advance(diamond, [{ node: 3, parents: { total: 2, ok: 0, failed, skipped: 2 - failed } }])
  expect(skipped(0)).toEqual([{ kind: 'SKIP', node: 3, because: 'CONDITION' }])
  expect(skipped(1)).toEqual([{ kind: 'SKIP', node: 3, because: 'UPSTREAM_FAILED' }])
})

describe('an edge passes on', () => {
  const end = (ended: Partial<EndedNode> & Pick<EndedNode, 'state'>, condition: string | null) =>
    passOn(
      shapeOf({ nodes: [{}, {}], edges: [[0, 1, condition]] }),
      0,
      { output: null, error: null, ...ended },
      { params: { on: true } },
    )
  const skipped = (skippedBecause: 'UPSTREAM_FAILED' | 'CONDITION' | 'DONE') => ({ state: 'SKIPPED', skippedBecause }) as const

  // The table of docs/decisions/0004-dag-engine.md, row by row: without a condition, with a true one, with a false one.
  test.each([
    [{ state: 'SUCCESS' }, 'OK', 'OK', 'SKIPPED'],
    [{ state: 'FAILED' }, 'FAILED', 'FAILED', 'SKIPPED'],
    [{ state: 'TIMEOUT' }, 'FAILED', 'FAILED', 'SKIPPED'],
    [{ state: 'CANCELLED' }, 'FAILED', 'FAILED', 'SKIPPED'],
    [{ state: 'LOST' }, 'FAILED', 'FAILED', 'SKIPPED'],
    [skipped('CONDITION'), 'SKIPPED', 'SKIPPED', 'SKIPPED'],
    [skipped('DONE'), 'OK', 'OK', 'SKIPPED'],
    [skipped('UPSTREAM_FAILED'), 'FAILED', 'FAILED', 'FAILED'],
  ] as const)('%o: %s, %s if its condition is true, %s if not', (ended, bare, whenTrue, whenFalse) => {
    expect(end(ended, null)).toEqual([{ node: 1, outcome: bare }])
    expect(end(ended, 'params.on')).toEqual([{ node: 1, outcome: whenTrue }])
    expect(end(ended, '!params.on')).toEqual([{ node: 1, outcome: whenFalse }])
  })

  test('what a condition over state, output, error and params says', () => {
    const condition = 'state == "SUCCESS" && output.rows > 0 && error == null && params.on'
    expect(end({ state: 'SUCCESS', output: { rows: 2 } }, condition)).toEqual([{ node: 1, outcome: 'OK' }])
    expect(end({ state: 'SUCCESS', output: { rows: 0 } }, condition)).toEqual([{ node: 1, outcome: 'SKIPPED' }])
    expect(end({ state: 'FAILED', error: { code: 'E' } }, 'error.code == "E"')).toEqual([{ node: 1, outcome: 'FAILED' }])
  })

  test('a failure with its reason, if the condition cannot be evaluated', () => {
    expect(end({ state: 'SUCCESS', output: {} }, 'output.rows > 0')).toEqual([
      { node: 1, outcome: 'FAILED', problem: 'The condition "output.rows > 0" cannot be evaluated: there is no "rows"' },
    ])
    expect(end({ state: 'SUCCESS', output: 5 }, 'output')).toEqual([
      { node: 1, outcome: 'FAILED', problem: 'The condition "output" gives a number, not true or false.' },
    ])
    expect(end({ state: 'SUCCESS' }, '1 +')).toMatchObject([{ outcome: 'FAILED' }])
  })

  test('that it is skipped, if the condition cannot be evaluated because its node failed', () => {
    expect(end({ state: 'FAILED' }, 'output.rows > 0')).toEqual([{ node: 1, outcome: 'SKIPPED' }])
  })

  test('nothing before its node has ended', () => {
    expect(end({ state: 'RUNNING' }, null)).toEqual([])
  })

  test('one outcome for each of the edges that leave the node', () => {
    expect(passOn(diamond, 0, { state: 'SUCCESS', output: null, error: null }, { params: {} })).toEqual([
      { node: 1, outcome: 'OK' },
      { node: 2, outcome: 'OK' },
    ])
  })
})

describe('a run', () => {
  const plan = shapeOf({ nodes: [{}, { mayFail: true }, {}], edges: [] })
  test.each([
    [['SUCCESS', 'SUCCESS', 'SKIPPED'], 'SUCCESS'],
    [['SUCCESS', 'FAILED', 'SUCCESS'], 'SUCCESS'],
    [['FAILED', 'SUCCESS', 'SUCCESS'], 'FAILED'],
    [['TIMEOUT', 'SUCCESS', 'SUCCESS'], 'FAILED'],
    [['SUCCESS', 'SUCCESS', 'LOST'], 'FAILED'],
    [['CANCELLED', 'SUCCESS', 'SUCCESS'], 'CANCELLED'],
    [['CANCELLED', 'SUCCESS', 'FAILED'], 'FAILED'],
  ] as const)('whose nodes ended %o is %s', (states, outcome) => expect(outcomeOfRun(plan, states)).toBe(outcome))

  test('that was stopped or given up is so, whatever its nodes', () => {
    expect(outcomeOfRun(plan, ['FAILED', 'SUCCESS', 'SUCCESS'], 'CANCEL')).toBe('CANCELLED')
    expect(outcomeOfRun(plan, ['CANCELLED', 'SUCCESS', 'SUCCESS'], 'RUN_TIMEOUT')).toBe('TIMEOUT')
  })
})
