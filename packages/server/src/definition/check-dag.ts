import type { DagDefinition, FieldProblem } from '@carillon/core'
import { topologicalOrder } from './dag-order.ts'
import { referenceProblems, type DagReferences } from './dag-references.ts'
import { invalidFields } from './invalid.ts'
import { paramsProblems, schemaProblems } from './params-schema.ts'

/** Everything that is wrong with a definition, each with its node or edge; paths lead into the definition. */
export function definitionProblems(
  definition: DagDefinition,
  references: DagReferences,
  of: { readonly code: string; readonly schemaBytes: number },
): FieldProblem[] {
  const problems = [...shapeProblems(definition), ...paramsOfRun(definition, of.schemaBytes)]
  return [...problems, ...referenceProblems(definition, references, of.code)]
}

/** Every problem in one refusal, under `path`. */
export function refuseProblems(problems: readonly FieldProblem[], path: string): void {
  if (problems.length === 0) return
  throw invalidFields(problems.slice(0, MOST_PROBLEMS).map((problem) => ({ ...problem, path: `${path}${problem.path}` })))
}

const MOST_PROBLEMS = 50

function shapeProblems(definition: DagDefinition): FieldProblem[] {
  const codes = new Set(definition.nodes.map(({ code }) => code))
  const dangling = definition.edges.filter(({ from, to }) => !codes.has(from) || !codes.has(to))
  if (dangling.length > 0 || codes.size < definition.nodes.length)
    return [{ path: '/edges', message: 'lead from and to nodes that exist, each under a code of its own' }]
  if (topologicalOrder(definition).length < codes.size) return [{ path: '/edges', message: 'lead back to where they start' }]
  return []
}

function paramsOfRun({ params = {}, paramsSchema }: DagDefinition, schemaBytes: number): FieldProblem[] {
  if (paramsSchema === undefined) return []
  const wrong = schemaProblems(paramsSchema, schemaBytes)
  if (wrong.length > 0) return wrong.map((problem) => ({ ...problem, path: `/paramsSchema${problem.path}` }))
  // What is required and has no default is given by whoever starts the run.
  return paramsProblems(paramsSchema, params, '/params', true)
}
