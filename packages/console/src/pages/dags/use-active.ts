import type { Dag } from '@carillon/contract'
import { useQuery } from '@tanstack/react-query'
import { useTenant } from '../../app/session.tsx'

/** The active version, which does not change: it is asked for once. */
export function useActive(dag: Dag) {
  const { api, code: tenant } = useTenant()
  return useQuery({
    queryKey: ['dags', tenant, dag.code, 'version', dag.active],
    queryFn: () => api.dagVersions.get({ params: { dag: dag.code, number: dag.active! } }),
    enabled: dag.active !== null,
    staleTime: Infinity,
  })
}
