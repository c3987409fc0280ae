import type { DagDefinition, FieldProblem, NodeDefinition } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { findUsableTasks, findUsableVersions, holdUsableTasks, type UsableTask, type UsableVersion } from '../storage/dag-use.ts'
import { routeProblemsOfNode } from './check-route.ts'
import { paramsProblems } from './params-schema.ts'

/** What the codes in a definition stand for in this tenant, as far as they stand for something. */
export interface DagReferences {
  readonly tasks: ReadonlyMap<string, UsableTask>
  task(code: string): UsableTask | undefined
  version(code: string, number: number | undefined): UsableVersion | undefined
}

/** `hold`: nobody changes the tasks until the transaction ends, as whoever compiles them needs; otherwise they are only read. */
export async function findReferences(
  tx: Transaction,
  tenantId: number,
  definitions: readonly DagDefinition[],
  { hold }: { readonly hold: boolean },
): Promise<DagReferences> {
  const nodes = definitions.flatMap((definition) => definition.nodes)
  const codes = [...new Set(nodes.flatMap(({ task }) => (task === undefined ? [] : [task])))]
  const wanted = new Map(
    nodes.flatMap(({ dag, dagVersion = 0 }) =>
      dag === undefined ? [] : [[`${dag}@${dagVersion}`, { code: dag, number: dagVersion }] as const],
    ),
  )
  const [usable, versions] = await Promise.all([
    hold ? holdUsableTasks(tx, tenantId, codes) : findUsableTasks(tx, tenantId, codes),
    findUsableVersions(tx, tenantId, [...wanted.values()]),
  ])
  const tasks = new Map(usable.map((task) => [task.code, task]))
  const found = new Map(versions.map((version) => [`${version.code}@${version.number}`, version]))
  return {
    tasks,
    task: (code) => tasks.get(code),
    version: (code, number = 0) => found.get(`${code}@${number}`),
  }
}

/** What is wrong with what the nodes refer to. `ownCode`: of the DAG itself. */
export function referenceProblems(definition: DagDefinition, references: DagReferences, ownCode: string): FieldProblem[] {
  return definition.nodes.flatMap((node, index) => {
    const path = `/nodes/${index}`
    return [...taskProblems(node, references, path), ...dagProblems(node, references, ownCode, path)].map((problem) => ({
      ...problem,
      node: node.code,
    }))
  })
}

function taskProblems(node: NodeDefinition, references: DagReferences, path: string): FieldProblem[] {
  if (node.task === undefined) return []
  const task = references.task(node.task)
  if (!task) return [{ path: `${path}/task`, message: `names the task ${node.task}, which does not exist in this tenant` }]
  const params = { ...task.node.params, ...node.params }
  const wrongParams = paramsProblems(task.node.paramsSchema, params, '').flatMap((problem) =>
    // What a template gives is known only when the node runs; a dry run says whether it fits.
    isTemplate(valueAt(params, problem.path)) ? [] : [{ path: `${path}/params${problem.path}`, message: problem.message }],
  )
  return [...wrongParams, ...routeProblemsOfNode(node.route, task, `${path}/route`)]
}

function dagProblems(node: NodeDefinition, references: DagReferences, ownCode: string, path: string): FieldProblem[] {
  if (node.dag === undefined) return []
  if (node.dag === ownCode) return [{ path: `${path}/dag`, message: `names the DAG ${ownCode} itself` }]
  const version = references.version(node.dag, node.dagVersion)
  if (!version) return [{ path: `${path}/dag`, message: `names the DAG ${node.dag}, which does not exist in this tenant` }]
  if (version.versionId !== null) return []
  return node.dagVersion === undefined
    ? [{ path: `${path}/dag`, message: `names the DAG ${node.dag}, of which no version is active` }]
    : [{ path: `${path}/dagVersion`, message: `names version ${node.dagVersion} of ${node.dag}, which has never been active` }]
}

function isTemplate(value: unknown): boolean {
  return typeof value === 'string' && value.includes('${{')
}

function valueAt(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value)
}
