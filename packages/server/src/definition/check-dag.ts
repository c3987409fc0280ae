import { validateDagDefinition, type DagDefinition, type FieldProblem } from '@carillon/core'
import { referenceProblems, type DagReferences } from './dag-references.ts'
import { invalidFields } from './invalid.ts'
import { paramsProblems, schemaProblems } from './params-schema.ts'

/** Everything that is wrong with a definition, each with its node or edge; paths lead into the definition. */
export function definitionProblems(
  definition: DagDefinition,
  references: DagReferences,
  of: { readonly code: string; readonly schemaBytes: number },
): FieldProblem[] {
  const problems = [...validateDagDefinition(definition), ...paramsOfRun(definition, of.schemaBytes)]
  return [...problems, ...referenceProblems(definition, references, of.code)]
}

/** Every problem in one refusal, under `path`. */
export function refuseProblems(problems: readonly FieldProblem[], path: string): void {
  if (problems.length === 0) return
  throw invalidFields(problems.slice(0, MOST_PROBLEMS).map((problem) => ({ ...problem, path: `${path}${problem.path}` })))
}

const MOST_PROBLEMS = 50

function paramsOfRun({ params = {}, paramsSchema }: DagDefinition, schemaBytes: number): FieldProblem[] {
  if (paramsSchema === undefined) return []
  const wrong = schemaProblems(paramsSchema, schemaBytes)
  if (wrong.length > 0) return wrong.map((problem) => ({ ...problem, path: `/paramsSchema${problem.path}` }))
  // What is required and has no default is given by whoever starts the run.
  return paramsProblems(paramsSchema, params, '/params', true)
}
