import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalDefinition, canonicalJson } from './canonical.ts'
import { TRIGGER_RULES, type DagDefinition, type NodeDefinition } from './definition.ts'
import { diffDefinitions, formatDiff, isSameMeaning } from './diff.ts'

const before: DagDefinition = {
  params: { day: 'today', 'a/b': [1, 2] },
  timeoutMs: 1_000,
  nodes: [
    { code: 'extract', task: 'extract', params: { day: '${{ params.day }}', deep: { x: 1 } }, position: { x: 0, y: 0 } },
    { code: 'load', task: 'load' },
    { code: 'old', task: 'old' },
  ],
  edges: [
    { from: 'extract', to: 'load', condition: 'output.rows > 0' },
    { from: 'load', to: 'old' },
  ],
}
const after: DagDefinition = {
  params: { day: 'yesterday', 'a/b': [1, 3] },
  output: '${{ nodes.load.output }}',
  nodes: [
    { code: 'load', task: 'load', triggerRule: 'ALL_SUCCESS', mayFail: false, params: {} },
    { code: 'extract', task: 'extract', params: { day: '${{ params.day }}', deep: { y: 2 } }, position: { x: 10, y: 0 } },
    { code: 'report', dag: 'report' },
  ],
  edges: [
    { from: 'load', to: 'report', condition: 'state == "SUCCESS"' },
    { from: 'extract', to: 'load', condition: 'output.rows > 10' },
  ],
}

test('a diff tells added, removed and changed nodes and edges with their fields, and moved nodes apart', () => {
  expect(diffDefinitions(before, after)).toEqual({
    nodes: {
      added: [{ code: 'report', dag: 'report' }],
      removed: [{ code: 'old', task: 'old' }],
      changed: [
        {
          code: 'extract',
          fields: [
            { path: '/params/deep/x', before: 1 },
            { path: '/params/deep/y', after: 2 },
          ],
        },
      ],
      moved: ['extract'],
    },
    edges: {
      added: [{ from: 'load', to: 'report', condition: 'state == "SUCCESS"' }],
      removed: [{ from: 'load', to: 'old' }],
      changed: [
        { from: 'extract', to: 'load', fields: [{ path: '/condition', before: 'output.rows > 0', after: 'output.rows > 10' }] },
      ],
    },
    fields: [
      { path: '/output', after: '${{ nodes.load.output }}' },
      { path: '/params/a~1b', before: [1, 2], after: [1, 3] },
      { path: '/params/day', before: 'today', after: 'yesterday' },
      { path: '/timeoutMs', before: 1_000 },
    ],
  })
})

test('a diff is printed with + - ~', () => {
  expect(formatDiff(diffDefinitions(before, after)).split('\n')).toEqual([
    '+ /output: "${{ nodes.load.output }}"',
    '~ /params/a~1b: [1,2] → [1,3]',
    '~ /params/day: "today" → "yesterday"',
    '- /timeoutMs: 1000',
    '- node old',
    '+ node report {"dag":"report"}',
    '~ node extract',
    '    - /params/deep/x: 1',
    '    + /params/deep/y: 2',
    '- edge load → old',
    '+ edge load → report if "state == \\"SUCCESS\\""',
    '~ edge extract → load',
    '    ~ /condition: "output.rows > 0" → "output.rows > 10"',
    '  moved in the editor: extract',
  ])
})

describe('no difference is', () => {
  const unchanged = (other: DagDefinition) => formatDiff(diffDefinitions(before, other))
  test('the order of nodes, edges and keys', () => {
    const nodes = before.nodes.map((node) => Object.fromEntries(Object.entries(node).reverse()) as unknown as NodeDefinition)
    expect(unchanged({ ...before, nodes: nodes.reverse(), edges: [...before.edges].reverse() })).toBe('No changes.')
  })
  test('a default that is written out', () => {
    const nodes = before.nodes.map((node) => ({ params: {}, triggerRule: 'ALL_SUCCESS' as const, mayFail: false, ...node }))
    expect(unchanged({ ...before, nodes })).toBe('No changes.')
    expect(canonicalDefinition({ ...before, nodes })).toBe(canonicalDefinition(before))
    const of = (timeoutMs?: number): DagDefinition => {
      const most = timeoutMs === undefined ? {} : { timeoutMs }
      return {
        nodes: [
          { code: 'review', approval: { prompt: 'Fine?', ...most } },
          { code: 'file', wait: { event: { name: 'file', key: 'params.file', ...most } } },
        ],
        edges: [],
        ...(timeoutMs === undefined ? {} : { output: null, timeoutMs }),
      }
    }
    expect(canonicalDefinition(of(0))).toBe(canonicalDefinition(of()))
    expect(canonicalDefinition(of(1))).not.toBe(canonicalDefinition(of()))
  })
  test('of meaning where a node is drawn', () => {
    const moved = { ...before, nodes: before.nodes.map((node) => ({ ...node, position: { x: 7, y: 7 } })) }
    expect(isSameMeaning(diffDefinitions(before, moved))).toBe(true)
    expect(canonicalDefinition(moved)).not.toBe(canonicalDefinition(before))
    expect(canonicalDefinition(moved, { positions: false })).toBe(canonicalDefinition(before, { positions: false }))
  })
})

test('a time-out of 0 of a node is a difference: it overrides the task’s', () => {
  const none = { ...before, nodes: before.nodes.map((node) => ({ ...node, timeoutMs: 0 })) }
  expect(isSameMeaning(diffDefinitions(before, none))).toBe(false)
})

test('parameters named like what objects inherit are compared as any others', () => {
  const of = (params: Record<string, unknown>): DagDefinition => ({ nodes: [], edges: [], params })
  expect(diffDefinitions(of({ x: 1 }), of({ x: 1, constructor: 2 })).fields).toEqual([{ path: '/params/constructor', after: 2 }])
})

test('what a terminal would act on is escaped, and what is long is cut', () => {
  const text = formatDiff(
    diffDefinitions(before, { ...before, params: { ...before.params, day: `\u001b[31m${'x'.repeat(500)}` } }),
  )
  expect(text).toContain('\\u001b[31m')
  expect(text).not.toContain('\u001b')
  expect(text.length).toBeLessThan(300)
})

const definitions: fc.Arbitrary<DagDefinition> = fc.record({
  nodes: fc.uniqueArray(
    fc.record(
      {
        code: fc.constantFrom('a', 'b', 'c', 'd'),
        task: fc.constantFrom('x', 'y'),
        params: fc.dictionary(fc.constantFrom('p', 'q', '__proto__', 'constructor'), fc.jsonValue({ maxDepth: 1 })),
        triggerRule: fc.constantFrom(...TRIGGER_RULES),
        mayFail: fc.boolean(),
        timeoutMs: fc.constantFrom(0, 1),
      },
      { requiredKeys: ['code', 'task'] },
    ),
    { selector: ({ code }) => code },
  ),
  edges: fc.uniqueArray(
    fc.record(
      { from: fc.constantFrom('a', 'b'), to: fc.constantFrom('c', 'd'), condition: fc.constantFrom('true', 'false') },
      { requiredKeys: ['from', 'to'] },
    ),
    { selector: ({ from, to }) => from + to },
  ),
})

test('of any definitions: no difference exactly when the canonical text is the same, and backwards is the mirror', () => {
  fc.assert(
    fc.property(definitions, definitions, fc.boolean(), (a, other, rewrite) => {
      const b = rewrite ? rewritten(a) : other
      const diff = diffDefinitions(a, b)
      expect(isSameMeaning(diff)).toBe(canonicalDefinition(a) === canonicalDefinition(b))
      const back = diffDefinitions(b, a)
      expect([...back.nodes.added].sort(byText)).toEqual([...diff.nodes.removed].sort(byText))
      expect(back.nodes.changed.length).toBe(diff.nodes.changed.length)
      if (rewrite) expect(formatDiff(diff)).toBe('No changes.')
    }),
    { numRuns: 500 },
  )
})

/** The same, in another order and with its defaults written out. */
function rewritten({ nodes, edges }: DagDefinition): DagDefinition {
  const spelled = nodes.map((node) => ({ triggerRule: 'ALL_SUCCESS' as const, mayFail: false, params: {}, ...node }))
  return { timeoutMs: 0, params: {}, edges: [...edges].reverse(), nodes: spelled.reverse() }
}

const byText = (a: unknown, b: unknown) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1)

test('canonical JSON is JSON, with sorted keys', () => {
  expect(canonicalJson({ b: 1, a: [true, null, { d: 'ü\n', c: undefined }] })).toBe('{"a":[true,null,{"d":"ü\\n"}],"b":1}')
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})
