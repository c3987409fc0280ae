import { createHash } from 'node:crypto'
import { DefinitionDocument } from '@carillon/contract'
import { canonicalDefinition, diffDefinitions, formatDiff, type DagDefinition } from '@carillon/core'
import Type from 'typebox'
import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { defineHandler } from '../define-handler.ts'
import { defineDag, expr, secret, type Dag } from './index.ts'

const extract = defineHandler({
  name: 'orders.extract',
  params: Type.Object({ day: Type.String(), limit: Type.Optional(Type.Integer()) }),
  run: ({ params }) => ({ rows: [params.day] }),
})
const load = defineHandler({
  name: 'orders.load',
  params: Type.Object({ rows: Type.Array(Type.Object({ id: Type.Integer() })), key: Type.String() }),
  run: () => null,
})

const clean = defineDag('clean').node('sweep', { task: 'sweep' })

const nightly = defineDag('nightly', {
  name: 'Every night',
  labels: { team: 'data' },
  policies: { priority: 7 },
  note: 'First',
  params: { day: 'today' },
  paramsSchema: Type.Object({ day: Type.String() }),
  output: { rows: expr('nodes.extract.output.rows') },
  timeoutMs: 3_600_000,
})
  .node('extract', {
    task: 'extract-orders',
    handler: extract,
    params: { day: '${{ params.day }}', limit: 10 },
    timeoutMs: 60_000,
  })
  .node('review', {
    approval: { roles: ['operator'], prompt: 'Fine?', timeoutMs: 86_400_000 },
    after: { extract: 'size(output.rows) > 0' },
  })
  .node('morning', { wait: { until: 'params.day + "T06:00:00Z"' }, after: 'extract' })
  .node('file', { wait: { event: { name: 'file-arrived', key: 'params.day' } }, after: ['extract'] })
  .node('load', {
    task: 'load-orders',
    handler: load,
    after: { review: true, morning: true, file: 'output.size > 0' },
    forEach: { items: 'nodes.extract.output.rows', maxParallel: 4, successShare: 0.9 },
    params: { rows: [{ id: expr('item') }], key: secret('load-key') },
    retry: { maxRetries: 5, backoff: 'FIXED' },
    priority: 9,
  })
  .node('alert', { task: 'alert', after: 'load', triggerRule: 'ONE_FAILED', mayFail: true, position: { x: 1, y: 2 } })
  .node('clean', { dag: clean, after: 'load', params: { what: expr('run.id') } })
  .edge('extract', 'clean', { condition: 'state == "SUCCESS"' })

/** The same, as a person writes it: another order, defaults written out. */
const WRITTEN = `
kind: Dag
code: nightly
name: Every night
labels: { team: data }
policies: { priority: 7 }
timeoutMs: 3600000
params: { day: today }
paramsSchema: { type: object, required: [day], properties: { day: { type: string } } }
output: { rows: '\${{ nodes.extract.output.rows }}' }
nodes:
  - code: clean
    dag: clean
    params: { what: '\${{ run.id }}' }
  - { code: alert, task: alert, triggerRule: ONE_FAILED, mayFail: true, position: { y: 2, x: 1 } }
  - code: extract
    task: extract-orders
    triggerRule: ALL_SUCCESS
    params: { limit: 10, day: '\${{ params.day }}' }
    timeoutMs: 60000
  - { code: review, approval: { roles: [operator], prompt: Fine?, timeoutMs: 86400000 } }
  - { code: morning, wait: { until: params.day + "T06:00:00Z" } }
  - { code: file, wait: { event: { name: file-arrived, key: params.day, timeoutMs: 0 } } }
  - code: load
    task: load-orders
    forEach: { items: nodes.extract.output.rows, maxParallel: 4, successShare: 0.9 }
    params: { rows: [{ id: '\${{ item }}' }], key: '\${{ secrets["load-key"] }}' }
    retry: { backoff: FIXED, maxRetries: 5 }
    priority: 9
    mayFail: false
edges:
  - { from: load, to: clean }
  - { from: load, to: alert }
  - { from: extract, to: clean, condition: state == "SUCCESS" }
  - { from: extract, to: review, condition: size(output.rows) > 0 }
  - { from: extract, to: morning }
  - { from: extract, to: file }
  - { from: review, to: load }
  - { from: morning, to: load }
  - { from: file, to: load, condition: output.size > 0 }
`

/** What a version of the DAG holds of a document. */
function definitionIn(document: Record<string, unknown>): DagDefinition {
  const { nodes, edges, params, paramsSchema, output, timeoutMs } = document
  return { nodes, edges, params, paramsSchema, output, timeoutMs } as unknown as DagDefinition
}
const hashOf = (definition: DagDefinition) => createHash('sha256').update(canonicalDefinition(definition)).digest('hex')

describe('A DAG in code', () => {
  test('is the same definition as its YAML, and as the YAML that a person writes: same canonical text, same hash, no difference', () => {
    const generated = definitionIn(parse(nightly.toYaml()) as Record<string, unknown>)
    const written = definitionIn(parse(WRITTEN) as Record<string, unknown>)
    expect(canonicalDefinition(generated)).toBe(canonicalDefinition(nightly.definition()))
    expect(canonicalDefinition(written)).toBe(canonicalDefinition(nightly.definition()))
    expect(new Set([nightly.definition(), generated, written].map(hashOf)).size).toBe(1)
    expect(formatDiff(diffDefinitions(written, nightly.definition()))).toBe('No changes.')
  })
  test('is a document as the server takes it, from YAML and from JSON', () => {
    const document = nightly.toDocument()
    expect([...Value.Errors(DefinitionDocument, document)]).toEqual([])
    expect(parse(nightly.toYaml())).toEqual(document)
    expect(JSON.parse(JSON.stringify(document))).toEqual(document)
    expect(document).toMatchObject({ kind: 'Dag', code: 'nightly', name: 'Every night', note: 'First', labels: { team: 'data' } })
  })
  test('is a value: a node that is added leaves the DAG before as it was', () => {
    const one = defineDag('base').node('a', { task: 't' })
    const two = one.node('b', { task: 't', after: 'a' })
    expect([one, two].map((dag) => dag.definition().nodes.length)).toEqual([1, 2])
  })
  test('knows the handlers of its tasks and the DAGs of its nodes', () => {
    expect([...nightly.handlers]).toEqual([
      ['extract-orders', extract],
      ['load-orders', load],
    ])
    expect([...nightly.dags.keys()]).toEqual(['clean'])
  })
  test('says everything that is wrong with it, with the node or the edge', () => {
    const wrong = defineDag('wrong')
      .node('a', { task: 't' })
      .node('a', { task: 't', params: { x: '${{ 1 + }}' } })
      .node('b', { task: 't', after: { a: 'output.' } })
    expect(() => wrong.toYaml()).toThrow(
      /^The DAG "wrong" is not valid:\n {2}node a: The code "a" is already.*\n {2}node a: .*\n {2}edge a → b: /,
    )
  })
  test('of 10,000 nodes is made in a loop', () => {
    let dag: Dag<string> = defineDag('chain')
    for (let index = 0; index < 10_000; index++) {
      dag = dag.node(`n${index}`, { task: 't', after: index === 0 ? [] : `n${index - 1}` })
    }
    expect(dag.definition().edges).toHaveLength(9_999)
  })
})

test('the compiler refuses what cannot be', () => {
  const dag = defineDag('typed').node('extract', { task: 'extract', handler: extract })
  // Never called: what counts is that each line is an error.
  void (() => {
    // @ts-expect-error a node that is not there
    dag.node('b', { task: 't', after: 'extrct' })
    // @ts-expect-error a condition on a node that is not there
    dag.node('b', { task: 't', after: { extrct: 'true' } })
    // @ts-expect-error an edge to a node that is not there
    dag.edge('extract', 'b')
    // @ts-expect-error a parameter of another type
    dag.node('b', { task: 'extract', handler: extract, params: { limit: 'ten' } })
    // @ts-expect-error a parameter that the handler does not have
    dag.node('b', { task: 'extract', handler: extract, params: { days: 'x' } })
    // @ts-expect-error two things at once
    dag.node('b', { task: 't', wait: { ms: 1 } })
    // @ts-expect-error nothing to do
    dag.node('b', { after: 'extract' })
    // @ts-expect-error an approval is not repeated
    dag.node('b', { approval: {}, forEach: { items: 'params.list' } })
    // @ts-expect-error nor is a DAG
    dag.node('b', { dag: 'other', forEach: { items: 'params.list' } })
    // @ts-expect-error it waits for one thing
    dag.node('b', { wait: {} })
    // @ts-expect-error a rule that is not one
    dag.node('b', { task: 't', triggerRule: 'SOMETIMES' })
  })
  expect(dag.definition().nodes).toHaveLength(1)
})
