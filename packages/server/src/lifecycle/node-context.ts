import { compileExpression, compileTemplate, type CompiledTemplate } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { selectNodeOutcomes, type NodeKey, type NodeOutcome } from '../storage/node.ts'
import type { AdvancingRun } from './ended-node.ts'
import { elementsOf, withOutput } from './fan-out.ts'
import { groupBy } from './group.ts'

/** What expressions of a node see: `params` and `run` of its run, and `nodes` upstream of it that have ended. */
export type Context = Readonly<Record<string, unknown>>

/** The contexts of runs, each with the outcomes of the nodes that are read there. */
export async function contextsOf(
  tx: Transaction,
  wanted: readonly { readonly run: AdvancingRun; readonly reads: readonly string[] }[],
): Promise<(run: AdvancingRun) => Context> {
  const keys = new Map<string, NodeKey>()
  for (const { run, reads } of wanted) {
    for (const code of reads) {
      const node = run.plan.nodes.findIndex((each) => each.code === code)
      if (node >= 0) keys.set(`${run.id}:${node}`, { tenantId: run.tenantId, runId: run.id, node })
    }
  }
  const outcomes = groupBy(await selectNodeOutcomes(tx, [...keys.values()]), (each) => each.runId)
  return (run) => ({
    params: run.params,
    run: { id: run.id, fireAt: run.fireAt, key: run.concurrencyKey },
    nodes: nodesOf(run, outcomes.get(run.id) ?? []),
  })
}

function nodesOf({ plan }: AdvancingRun, outcomes: readonly NodeOutcome[]): Context {
  const nodes = [...groupBy(outcomes, (each) => each.node)].map(([node, each]) => {
    const { code, control } = plan.nodes[node]!
    const elements = elementsOf(each)
    const last = elements.at(-1)!
    const end = { state: last.state, error: last.error ?? null }
    return [code, control?.forEach ? withOutput(end, elements) : { ...end, output: last.output ?? null }]
  })
  return Object.fromEntries(nodes)
}

export type Resolved = { readonly value: unknown } | { readonly failed: string }

export function evaluate(expression: string, context: Context): Resolved {
  const compiled = compileExpression(expression)
  if (compiled.kind === 'INVALID') return { failed: compiled.problem.message }
  const result = compiled.evaluate(context)
  return result.kind === 'VALUE' ? { value: result.value } : { failed: `"${expression}": ${result.message}` }
}

/** Computes the texts of a template, as `compileTemplate` says. */
export function resolve(template: unknown, context: Context): Resolved {
  const compiled = compiledOnce(template)
  if (compiled.kind === 'INVALID') return { failed: explained(compiled.problems) }
  const result = compiled.resolve(context)
  return result.kind === 'VALUE' ? { value: result.value } : { failed: explained(result.problems) }
}

const explained = (problems: readonly { readonly path: string; readonly message: string }[]) =>
  problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')

/** Plans are kept in memory, so their templates are compiled once, and forgotten with them. */
const compiledTemplates = new WeakMap<object, CompiledTemplate>()

function compiledOnce(template: unknown): CompiledTemplate {
  if (typeof template !== 'object' || template === null) return compileTemplate(template)
  const known = compiledTemplates.get(template)
  if (known) return known
  const compiled = compileTemplate(template)
  compiledTemplates.set(template, compiled)
  return compiled
}

/** The nodes that a template reads. */
export function namesInTemplate(template: unknown): readonly string[] {
  const compiled = compiledOnce(template)
  return compiled.kind === 'OK' ? nodesIn(compiled.paths) : []
}

export function namesInExpression(expression: string): readonly string[] {
  const compiled = compileExpression(expression)
  return compiled.kind === 'OK' ? nodesIn(compiled.paths) : []
}

const nodesIn = (paths: readonly { readonly names: readonly string[] }[]) =>
  paths.flatMap(({ names: [root, code] }) => (root === 'nodes' && code !== undefined ? [code] : []))
