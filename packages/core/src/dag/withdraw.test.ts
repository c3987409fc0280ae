import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { InstanceState } from '../run/task-instance.ts'
import { advance, initialCounters, roots, type Decision, type SkipReason } from './advance.ts'
import { TRIGGER_RULES, type TriggerRule } from './definition.ts'
import { countIn, passOn, type EndedNode } from './pass-on.ts'
import { shapeOf, type ShapeSketch } from './shape.test-helper.ts'
import { readToWithdraw, skippedBehind, withdraw, type NodeStanding } from './withdraw.ts'

const RUN = { params: { on: true } }
const CONDITIONS = ['output.x > 0', 'state == "SUCCESS"', 'state != "SUCCESS"', 'error != null', 'output.x'] as const

/** A run as the server keeps it: counters that are added to, and ends. */
function createRun(sketch: ShapeSketch) {
  const shape = shapeOf(sketch)
  const counters = [...initialCounters(shape)]
  const ends: (EndedNode | null)[] = shape.nodes.map(() => null)
  const begun = shape.nodes.map(() => false)
  const standingOf = (node: number): NodeStanding =>
    begun[node] ? 'BEGUN' : ends[node] === null ? 'WAITING' : ends[node]?.skippedBecause === 'DONE' ? 'SETTLED' : 'SKIPPED'

  function take(decisions: readonly Decision[]) {
    for (const one of decisions) if (one.kind === 'READY') begun[one.node] = true
    for (const one of decisions)
      if (one.kind === 'SKIP') end(one.node, { ...NOTHING, state: 'SKIPPED', skippedBecause: one.because })
  }
  function end(node: number, how: EndedNode) {
    ends[node] = how
    const touched = new Set<number>()
    for (const { node: target, outcome } of passOn(shape, node, how, RUN)) {
      if (standingOf(target) !== 'WAITING') continue
      counters[target] = countIn(counters[target]!, outcome)
      touched.add(target)
    }
    decide([...touched].filter((target) => standingOf(target) === 'WAITING'))
  }
  const decide = (nodes: readonly number[]) =>
    take(
      advance(
        shape,
        nodes.map((node) => ({ node, parents: counters[node]! })),
      ),
    )
  take(roots(shape).map((node) => ({ kind: 'READY', node })))
  const run = {
    shape,
    ends,
    counters,
    standingOf,
    working: () => shape.nodes.flatMap((_, node) => (begun[node] && ends[node] === null ? [node] : [])),
    end,
    /** Whether it ran again. */
    retry(node: number): boolean {
      const read = new Set(readToWithdraw(shape, node, standingOf))
      const endOf = (each: number) => {
        expect(read).toContain(each)
        return ends[each]!
      }
      const result = withdraw(shape, node, standingOf, endOf, RUN)
      if (result.kind === 'RELIED_ON') return false
      for (const each of [node, ...result.again]) {
        ends[each] = null
        begun[each] = false
      }
      for (const [each, { total, ok, failed, skipped }] of result.parents) counters[each] = { total, ok, failed, skipped }
      decide([node])
      return true
    },
    /** What the counters of those that wait should be, from how all nodes have ended. */
    derived: () =>
      shape.nodes.map((_, node) => {
        if (standingOf(node) !== 'WAITING') return null
        const passed = shape.nodes.flatMap((_unused, from) => (ends[from] ? passOn(shape, from, ends[from], RUN) : []))
        return passed
          .filter((each) => each.node === node)
          .reduce((sum, { outcome }) => countIn(sum, outcome), initialCounters(shape)[node]!)
      }),
    kept: () => shape.nodes.map((_, node) => (standingOf(node) === 'WAITING' ? counters[node] : null)),
  }
  return run
}

const NOTHING = { output: null, error: null, skippedBecause: null as SkipReason | null }
const success = (x = 1): EndedNode => ({ ...NOTHING, state: 'SUCCESS', output: { x } })
const failure = (state: InstanceState = 'FAILED'): EndedNode => ({ ...NOTHING, state, error: { code: 'E' } })

function drawn(rules: readonly TriggerRule[], edges: ShapeSketch['edges']) {
  return createRun({ nodes: rules.map((rule) => ({ rule })), edges })
}

describe('taking back how a node ended', () => {
  test('lets wait again what was skipped because of it, also behind others, and nothing else', () => {
    const run = drawn(['ALL_SUCCESS', 'ALL_SUCCESS', 'ALL_SUCCESS', 'ALL_SUCCESS'], [[0, 1], [1, 2], [0, 3], [3, 2]]) // prettier-ignore
    run.end(0, failure())
    expect(skippedBehind(run.shape, 0, run.standingOf).toSorted((a, b) => a - b)).toEqual([1, 2, 3])
    expect(run.retry(0)).toBe(true)
    expect([0, 1, 2, 3].map(run.standingOf)).toEqual(['BEGUN', 'WAITING', 'WAITING', 'WAITING'])
    expect(run.counters[2]).toEqual({ total: 2, ok: 0, failed: 0, skipped: 0 })
  })

  test('keeps what the other parents have passed on', () => {
    const run = drawn(['ALL_SUCCESS', 'ALL_SUCCESS', 'ALL_SUCCESS'], [[0, 2], [1, 2]]) // prettier-ignore
    run.end(0, failure())
    run.end(1, success())
    expect(run.retry(0)).toBe(true)
    expect(run.counters[2]).toEqual({ total: 2, ok: 1, failed: 0, skipped: 0 })
    run.end(0, success())
    expect(run.working()).toEqual([2])
  })

  test.each<TriggerRule>(['ONE_FAILED', 'ALL_DONE', 'ALWAYS'])('is refused where a node with the rule %s ran on it', (rule) => {
    const run = drawn(['ALL_SUCCESS', rule], [[0, 1]])
    run.end(0, failure())
    expect(run.retry(0)).toBe(false)
    expect(withdraw(run.shape, 0, run.standingOf, () => null, RUN)).toEqual({ kind: 'RELIED_ON', nodes: [1] })
  })

  test('lets go on what ran for another reason', () => {
    const run = drawn(['ALL_SUCCESS', 'ALL_SUCCESS', 'ONE_SUCCESS'], [[0, 2], [1, 2]]) // prettier-ignore
    run.end(1, success())
    run.end(0, failure())
    expect(run.retry(0)).toBe(true)
    expect([0, 1, 2].map(run.standingOf)).toEqual(['BEGUN', 'BEGUN', 'BEGUN'])
  })

  test('leaves alone what a person decided', () => {
    const run = drawn(['ALL_SUCCESS', 'ALL_SUCCESS', 'ALL_SUCCESS'], [[0, 1], [1, 2]]) // prettier-ignore
    run.end(1, { ...NOTHING, state: 'SKIPPED', skippedBecause: 'DONE' })
    run.end(0, failure())
    expect(run.retry(0)).toBe(true)
    expect([0, 1, 2].map(run.standingOf)).toEqual(['BEGUN', 'SETTLED', 'BEGUN'])
  })
})

interface Case {
  readonly sketch: ShapeSketch
  readonly steps: readonly { readonly pick: number; readonly ok: boolean; readonly x: number; readonly retry: boolean }[]
}

const cases: fc.Arbitrary<Case> = fc.integer({ min: 2, max: 10 }).chain((size) => {
  const pairs = Array.from({ length: size }, (_, from) =>
    Array.from({ length: size - from - 1 }, (_unused, more) => [from, from + 1 + more] as const),
  ).flat()
  return fc.record({
    sketch: fc.record({
      nodes: fc.array(fc.record({ rule: fc.constantFrom<TriggerRule>(...TRIGGER_RULES) }), { minLength: size, maxLength: size }),
      edges: fc
        .subarray(pairs)
        .chain((chosen) =>
          fc
            .array(fc.option(fc.constantFrom(...CONDITIONS), { freq: 1 }), { minLength: chosen.length, maxLength: chosen.length })
            .map((texts) => chosen.map(([from, to], index) => [from, to, texts[index]!] as const)),
        ),
    }),
    steps: fc.array(
      fc.record({ pick: fc.nat(), ok: fc.boolean(), x: fc.constantFrom(1, -1), retry: fc.boolean() }),
      { minLength: 1, maxLength: 40 }, // prettier-ignore
    ),
  })
})

describe('of any run with any retries', () => {
  test('the counters that are kept are those that follow from how all nodes have ended', () => {
    let retried = 0
    fc.assert(
      fc.property(cases, ({ sketch, steps }) => {
        const run = createRun(sketch)
        for (const { pick, ok, x, retry } of steps) {
          const broken = run.ends.flatMap((end, node) => (end?.state === 'FAILED' ? [node] : []))
          const working = run.working()
          if (retry && broken.length > 0) retried += Number(run.retry(broken[pick % broken.length]!))
          else if (working.length > 0) run.end(working[pick % working.length]!, ok ? success(x) : failure())
          expect(run.kept()).toEqual(run.derived())
        }
      }),
      { numRuns: 1_000 },
    )
    expect(retried).toBeGreaterThan(500)
  })

  test('a run in which what failed was repeated until it succeeded ends like one in which it succeeded at once', () => {
    let retried = 0
    fc.assert(
      fc.property(cases, ({ sketch, steps }) => {
        const [repeated, straight] = [createRun(sketch), createRun(sketch)]
        const outputOf = (node: number) => steps[node % steps.length]!.x
        for (let step = 0; repeated.working().length > 0; step++) {
          const working = repeated.working()
          const { pick, ok } = steps[step % steps.length]!
          const node = working[pick % working.length]!
          if (!ok) {
            repeated.end(node, failure())
            if (!repeated.retry(node)) return
            retried++
          }
          repeated.end(node, success(outputOf(node)))
        }
        for (let [node] = straight.working(); node !== undefined; [node] = straight.working())
          straight.end(node, success(outputOf(node)))
        expect(repeated.ends).toEqual(straight.ends)
      }),
      { numRuns: 1_000 },
    )
    expect(retried).toBeGreaterThan(500)
  })
})
