import type { DagDefinition, FieldProblem } from '@carillon/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTenant } from '../../../app/session.tsx'
import { useSaid } from '../../../i18n/said.ts'
import { useCore } from './core.ts'
import type { EdgeEnds } from './document.ts'
import type { DraftState } from './Draft.ts'

/** What is wrong, and at which node or edge; `path` leads into that node, that edge, or the definition. */
export interface EditorProblem {
  readonly node: string | null
  readonly edge: EdgeEnds | null
  readonly path: string
  readonly message: string
}

/** Finds the node or the edge that a pointer (`/nodes/3/task`) leads to. */
export function placed({ path, message }: FieldProblem, { nodes, edges }: DagDefinition): EditorProblem {
  const [, list, index, rest = ''] = /^(?:\/body)?(?:\/definition)?\/(nodes|edges)\/(\d+)(\/.*)?$/.exec(path) ?? []
  const node = list === 'nodes' ? nodes[Number(index)]?.code : undefined
  const edge = list === 'edges' ? edges[Number(index)] : undefined
  if (node !== undefined) return { node, edge: null, path: rest, message }
  if (edge) return { node: null, edge: { from: edge.from, to: edge.to }, path: rest, message }
  return { node: null, edge: null, path, message }
}

/**
 * The problems of a draft: those that the server finds in what is saved (it knows tasks and their schemas), and, until it has looked, those
 * that the same checks find in the browser.
 */
export function useProblems(dag: string, number: number, { definition, saved, status }: DraftState) {
  const { api, code: tenant } = useTenant()
  const core = useCore()
  const say = useSaid()
  const isSaved = status.kind === 'SAVED' && saved.definition === definition
  const checked = useQuery({
    queryKey: ['dags', tenant, dag, 'validate', number, saved.revision],
    queryFn: () => api.dagVersions.validate({ params: { dag, number } }),
    enabled: isSaved,
  })
  const served = isSaved ? checked.data : undefined
  return useMemo(() => {
    const found: readonly FieldProblem[] = served?.problems ?? core?.validateDagDefinition(definition) ?? []
    return {
      problems: found.map((problem) => placed({ ...problem, message: say(problem.message) }, definition)),
      byServer: served !== undefined,
    }
  }, [served, core, definition, say])
}
