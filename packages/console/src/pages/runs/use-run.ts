import type { DagDefinitionView, RunDetail } from '@carillon/contract'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { runTopic } from '../../app/live-topics.ts'
import { useLive } from '../../app/live.ts'
import { useTenant } from '../../app/session.tsx'
import { nodesOf, type RunInstance, type RunNode } from './run-nodes.ts'

export const isOver = (run: Pick<RunDetail, 'endedAt'>): boolean => run.endedAt !== null

export function useRun(id: number) {
  const { api, code } = useTenant()
  return useLive(runTopic(code, id), {
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

/**
 * One instance of a run with its attempts, what it was given and what it made: asked for again when its row in the run has changed. What it waits for
 * while it waits for its parents, or in a queue, stands in no row, so that is asked for now and then.
 */
export function useInstance(id: number, run: Pick<RunDetail, 'instances'>) {
  const { api, code } = useTenant()
  const client = useQueryClient()
  const row = run.instances.find((each) => each.id === id)
  const version = row === undefined ? '' : versionOf(row)
  const { data, error, refetch } = useLive(null, {
    queryKey: ['instance', code, id],
    queryFn: async ({ signal }) => ({ ...(await api.instances.get({ params: { instance: id } }, { signal })), asked: version }),
    changes: (instance) =>
      row === undefined
        ? instance?.endedAt === null
        : row.state === 'PENDING' || (row.state === 'WAITING' && row.waitReason === 'DEPENDENCY'),
  })
  // `asked` is what its row said when this was asked for: it may have changed while the answer was under way, too.
  const behind = row !== undefined && data?.id === id && data.asked !== version
  useEffect(() => {
    if (behind) void client.invalidateQueries({ queryKey: ['instance', code, id], exact: true })
  }, [client, code, id, version, behind])
  const progress = row === undefined ? {} : { progress: row.progress, progressMessage: row.progressMessage }
  return { data: data?.id === id ? { ...data, ...progress } : data, error, refetch }
}

/** All that its row says but its progress, which changes often and is taken from there. */
function versionOf({ progress: _, progressMessage: __, output: ___, outputLeftOut: ____, ...row }: RunInstance): string {
  return JSON.stringify(row)
}
