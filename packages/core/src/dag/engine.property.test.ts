import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FINAL_INSTANCE_STATES, type InstanceState } from '../run/task-instance.ts'
import { advance, initialCounters, outcomeOfRun, roots, type Decision, type SkipReason } from './advance.ts'
import { TRIGGER_RULES, type TriggerRule } from './definition.ts'
import { countIn, passOn } from './pass-on.ts'
import { shapeOf, type ShapeSketch } from './shape.test-helper.ts'

// Random runs of random graphs: any rules, conditions (also ones that cannot be evaluated), outcomes and orders of completion.

interface Case {
  readonly sketch: ShapeSketch
  /** How each node ends if it runs. */
  readonly ends: readonly { readonly state: Exclude<InstanceState, 'SKIPPED'>; readonly output: unknown }[]
  /** Nodes that a person marks as done instead of letting them run. */
  readonly done: readonly boolean[]
  /** Which of those at work ends next. */
  readonly order: readonly number[]
}

const CONDITIONS = [
  'output.x > 0',
  'state == "SUCCESS"',
  'state != "SUCCESS"',
  'params.on',
  'error != null',
  'output.x',
  '1 +',
] as const
const ENDS = ['SUCCESS', 'SUCCESS', 'SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'LOST'] as const

const cases: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 12 }).chain((size) => {
  const pairs = Array.from({ length: size }, (_, from) =>
    Array.from({ length: size - from - 1 }, (_unused, more) => [from, from + 1 + more] as const),
  ).flat()
  const conditions = fc.option(fc.constantFrom(...CONDITIONS), { freq: 1 })
  return fc.record({
    sketch: fc.record({
      nodes: fc.array(fc.record({ rule: fc.constantFrom<TriggerRule>(...TRIGGER_RULES), mayFail: fc.boolean() }), {
        minLength: size,
        maxLength: size,
      }),
      edges: fc
        .subarray(pairs)
        .chain((chosen) =>
          fc
            .array(conditions, { minLength: chosen.length, maxLength: chosen.length })
            .map((texts) => chosen.map(([from, to], index) => [from, to, texts[index]!] as const)),
        ),
    }),
    ends: fc.array(fc.record({ state: fc.constantFrom(...ENDS), output: fc.constantFrom({ x: 1 }, { x: -1 }, {}, null) }), {
      minLength: size,
      maxLength: size,
    }),
    done: fc.array(
      fc.boolean().map((yes) => yes && size % 3 === 0),
      { minLength: size, maxLength: size },
    ),
    order: fc.array(fc.nat(), { minLength: size, maxLength: size }),
  })
})

interface End {
  readonly state: InstanceState
  readonly skippedBecause: SkipReason | null
  readonly output: unknown
  readonly error: unknown
}

const RUN = { params: { on: true } }

function endOf({ ends, done }: Case, node: number): End {
  if (done[node]) return { state: 'SKIPPED', skippedBecause: 'DONE', output: null, error: null }
  const { state, output } = ends[node]!
  return state === 'SUCCESS'
    ? { state, skippedBecause: null, output, error: null }
    : { state, skippedBecause: null, output: null, error: { code: 'E' } }
}

const skipOf = (because: SkipReason): End => ({ state: 'SKIPPED', skippedBecause: because, output: null, error: null })

/** The engine as the server drives it: counters, changed by what each end passes on. */
function runOf(given: Case) {
  const shape = shapeOf(given.sketch)
  const counters = [...initialCounters(shape)]
  const ends: (End | null)[] = shape.nodes.map(() => null)
  const started: number[] = []
  const working: number[] = []
  /** How often each node was decided about, and how often it ended. */
  const decided = shape.nodes.map(() => 0)
  const ended = shape.nodes.map(() => 0)

  /** Takes decisions in waves: what a wave skips is the next wave's news. */
  function take(first: readonly Decision[]) {
    for (let decisions = first; decisions.length > 0;) {
      for (const { node } of decisions) decided[node]!++
      const ready = decisions.filter(({ kind }) => kind === 'READY').map(({ node }) => node)
      started.push(...ready)
      working.push(...ready)
      decisions = end(decisions.flatMap((one) => (one.kind === 'SKIP' ? [{ node: one.node, how: skipOf(one.because) }] : [])))
    }
  }
  function end(news: readonly { node: number; how: End }[]): readonly Decision[] {
    const touched = new Set<number>()
    for (const { node, how } of news) {
      ends[node] = how
      ended[node]!++
      for (const { node: target, outcome } of passOn(shape, node, how, RUN)) {
        counters[target] = countIn(counters[target]!, outcome)
        if (decided[target] === 0) touched.add(target)
      }
    }
    return advance(
      shape,
      [...touched].map((node) => ({ node, parents: counters[node]! })),
    )
  }
  take(roots(shape).map((node) => ({ kind: 'READY', node })))
  for (let step = 0; working.length > 0; step++) {
    const [node] = working.splice(given.order[step % given.order.length]! % working.length, 1)
    take(end([{ node: node!, how: endOf(given, node!) }]))
  }
  return { shape, counters, ends, started, decided, ended }
}

const check = (property: (given: Case) => void, numRuns = 2_000) => fc.assert(fc.property(cases, property), { numRuns })

describe('of any run', () => {
  test('every node is decided about once and ends once, so the run ends exactly when its nodes have', () => {
    check((given) => {
      const { ends, decided, ended } = runOf(given)
      expect(decided).toEqual(ends.map(() => 1))
      expect(ended).toEqual(ends.map(() => 1))
      expect(ends.every((end) => FINAL_INSTANCE_STATES.includes(end!.state))).toBe(true)
    })
  })

  test('the order of completions changes no final state and no reason, whatever the rules: only what has ended when a node starts', () => {
    // The two rules that run at once ask whether an edge of a kind comes in at all, so they end up the same in every order too.
    check((given) => {
      const there = runOf(given)
      const back = runOf({ ...given, order: given.order.map((place) => 1_000_003 - (place % 1_000)) })
      expect(back.ends).toEqual(there.ends)
      expect([...back.started].sort(byNumber)).toEqual([...there.started].sort(byNumber))
    })
  })

  test('a node starts only after everything upstream has ended, unless its rule runs at once', () => {
    check((given) => {
      const { started, ends } = runOf(given)
      const place = (node: number) => started.indexOf(node)
      for (const [from, to] of given.sketch.edges) {
        const rule = given.sketch.nodes[to]!.rule
        if (rule === 'ONE_SUCCESS' || rule === 'ONE_FAILED' || place(to) < 0 || ends[from]!.state === 'SKIPPED') continue
        expect(place(from)).toBeLessThan(place(to))
      }
    })
  })

  test('asked twice, or about all at once, the engine decides the same', () => {
    check((given) => {
      const { shape, counters } = runOf(given)
      const touched = counters.map((parents, node) => ({ node, parents }))
      const once = advance(shape, touched)
      expect(advance(shape, touched)).toEqual(once)
      expect(touched.flatMap((one) => advance(shape, [one]))).toEqual(once)
    })
  })

  test('counters kept step by step are those counted from the final states', () => {
    check((given) => {
      const { shape, counters, ends } = runOf(given)
      const passed = ends.flatMap((end, node) => passOn(shape, node, end!, RUN))
      const counted = shape.nodes.map((_, node) => {
        const own = passed.filter((one) => one.node === node).map(({ outcome }) => outcome)
        const count = (outcome: string) => own.filter((one) => one === outcome).length
        return { total: own.length, ok: count('OK'), failed: count('FAILED'), skipped: count('SKIPPED') }
      })
      expect(counters).toEqual(counted)
    })
  })
})

describe('a slow model that shares no code', () => {
  // It knows no counters and no steps: it asks of every node, again and again, what the decision says of the states of all nodes.
  type Told = 'ok' | 'failed' | 'skipped' | undefined

  function conditionSays(text: string, end: End): boolean | 'broken' {
    const x = (end.output as { x?: number } | null)?.x
    switch (text) {
      case 'output.x > 0':
        return x === undefined ? 'broken' : x > 0
      case 'state == "SUCCESS"':
        return end.state === 'SUCCESS'
      case 'state != "SUCCESS"':
        return end.state !== 'SUCCESS'
      case 'params.on':
        return true
      case 'error != null':
        return end.error !== null
      default:
        return 'broken'
    }
  }

  function told(end: End | null, condition: string | null | undefined): Told {
    if (!end) return undefined
    if (end.skippedBecause === 'UPSTREAM_FAILED') return 'failed'
    if (end.skippedBecause === 'CONDITION') return 'skipped'
    const good = end.state === 'SUCCESS' || end.skippedBecause === 'DONE'
    const says = condition ? conditionSays(condition, end) : true
    if (says === false) return 'skipped'
    if (says === 'broken') return good ? 'failed' : 'skipped'
    return good ? 'ok' : 'failed'
  }

  function fate(rule: TriggerRule, all: readonly Told[]): 'run' | 'skip' | 'wait' {
    if (all.length === 0) return 'run'
    const complete = !all.includes(undefined)
    if (rule === 'ONE_SUCCESS' && all.includes('ok')) return 'run'
    if (rule === 'ONE_FAILED' && all.includes('failed')) return 'run'
    if (!complete) return 'wait'
    const some = (kind: Told) => all.includes(kind)
    const yes = {
      ALL_SUCCESS: !some('failed') && !some('skipped'),
      ALL_DONE: some('ok') || some('failed'),
      ONE_SUCCESS: false,
      ONE_FAILED: false,
      NONE_FAILED: !some('failed') && some('ok'),
      ALWAYS: true,
    }[rule]
    return yes ? 'run' : 'skip'
  }

  function modelOf(given: Case): readonly End[] {
    const { nodes, edges } = given.sketch
    let ends: readonly (End | null)[] = nodes.map(() => null)
    while (ends.includes(null)) {
      const before = ends
      ends = before.map((end, node) => {
        if (end) return end
        const all = edges.filter(([, to]) => to === node).map(([from, , condition]) => told(before[from]!, condition))
        const what = fate(nodes[node]!.rule!, all)
        if (what === 'wait') return null
        if (what === 'run') return endOf(given, node)
        return skipOf(all.includes('failed') ? 'UPSTREAM_FAILED' : 'CONDITION')
      })
    }
    return ends as readonly End[]
  }

  function modelOutcome(given: Case, ends: readonly End[]): string {
    const important = ends.filter((_, node) => !given.sketch.nodes[node]!.mayFail).map(({ state }) => state)
    if (important.some((state) => ['FAILED', 'TIMEOUT', 'LOST'].includes(state))) return 'FAILED'
    return important.includes('CANCELLED') ? 'CANCELLED' : 'SUCCESS'
  }

  test('agrees about thousands of random runs', () => {
    check((given) => {
      const { ends, shape } = runOf(given)
      const expected = modelOf(given)
      expect(ends).toEqual(expected)
      expect(outcomeOfRun(shape, expected.map(({ state }) => state))).toBe(modelOutcome(given, expected)) // prettier-ignore
    }, 5_000)
  })
})

test('a run of 10,000 nodes ends, each edge passed on once', () => {
  const size = 10_000
  const edges = Array.from({ length: size - 100 }, (_, from) => [from, from + 100] as const)
  const nodes = Array.from({ length: size }, () => ({ rule: 'ALL_SUCCESS' as const, mayFail: false }))
  const ends = Array.from({ length: size }, () => ({ state: 'SUCCESS' as const, output: null }))
  const run = runOf({ sketch: { nodes, edges }, ends, done: nodes.map(() => false), order: [0] })
  expect(run.ends.every((end) => end?.state === 'SUCCESS')).toBe(true)
  expect(run.counters.reduce((sum, { ok }) => sum + ok, 0)).toBe(edges.length)
})

const byNumber = (a: number, b: number) => a - b
