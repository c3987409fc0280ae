import type { DagDefinitionView, RunDetail } from '@carillon/contract'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useLive } from '../../app/live.ts'
import { useTenant } from '../../app/session.tsx'
import { nodesOf, type RunNode } from './run-nodes.ts'

export const isOver = (run: Pick<RunDetail, 'endedAt'>): boolean => run.endedAt !== null

export function useRun(id: number) {
  const { api, code } = useTenant()
  return useLive(`run:${id}`, {
    queryKey: ['run', code, id],
    queryFn: ({ signal }) => api.runs.get({ params: { run: id } }, { signal }),
    changes: (run) => run === undefined || !isOver(run),
  })
}

/** What the run's nodes are and how they hang together; a version that runs does not change any more. */
export function useDefinition({ dag }: RunDetail): DagDefinitionView | null {
  const { api, code: tenant } = useTenant()
  const { data } = useQuery({
    queryKey: ['dag-version', tenant, dag?.id, dag?.version],
    queryFn: () => api.dagVersions.get({ params: { dag: String(dag!.id), number: dag!.version } }),
    enabled: dag !== null && dag.code !== null,
    staleTime: Infinity,
    retry: false,
  })
  return data?.definition ?? null
}

export function useNodes(run: RunDetail, definition: DagDefinitionView | null): readonly RunNode[] {
  return useMemo(() => nodesOf(run.instances, definition), [run.instances, definition])
}

/** One instance with its attempts, and what it was given. */
export function useInstance(id: number) {
  const { api, code } = useTenant()
  return useLive(`instance:${id}`, {
    queryKey: ['instance', code, id],
    queryFn: ({ signal }) => api.instances.get({ params: { instance: id } }, { signal }),
    changes: (instance) => instance === undefined || instance.endedAt === null,
  })
}
