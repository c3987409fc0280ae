import { validateDagDefinition, type DagDefinition, type FieldProblem } from '@carillon/core'
import { referenceProblems, type DagReferences } from './dag-references.ts'
import type { Edit } from './edit.ts'
import { invalidFields } from './invalid.ts'
import { paramsProblems, schemaProblems } from './params-schema.ts'
import { judgeOverrides, secretsBeside } from './secret.ts'

/** Everything that is wrong with a definition, each with its node or edge; paths lead into the definition. */
export function definitionProblems(
  definition: DagDefinition,
  references: DagReferences,
  of: { readonly code: string; readonly schemaBytes: number },
): FieldProblem[] {
  const problems = [...validateDagDefinition(definition), ...paramsOfRun(definition, of.schemaBytes)]
  return [...problems, ...referenceProblems(definition, references, of.code)]
}

/** Nodes that put parameters of their own beside secrets of their task which are not open to whoever writes or activates this. */
export async function overrideProblems(
  edit: Pick<Edit, 'tx' | 'tenantId' | 'role'>,
  { nodes }: DagDefinition,
  references: DagReferences,
): Promise<FieldProblem[]> {
  const beside = nodes.map(({ task, params }) => {
    const found = task === undefined ? undefined : references.task(task)
    return found ? secretsBeside(found.node, params) : []
  })
  const judge = await judgeOverrides(edit.tx, edit, beside.flat())
  return nodes.flatMap(({ code: node }, index) => {
    const refusal = judge(beside[index]!)
    return refusal ? [{ path: `/nodes/${index}/params`, message: refusal.problems[0]?.message ?? refusal.message, node }] : []
  })
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
