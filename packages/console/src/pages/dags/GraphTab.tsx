import type { Dag } from '@carillon/contract'
import type { DagDefinition } from '@carillon/core'
import { Stack, Text } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useSetSearch } from '../../app/set-search.ts'
import { DagGraph } from '../../components/dag-graph/DagGraph.tsx'
import { NOTHING_SELECTED, selectNode, type GraphSelection } from '../../components/dag-graph/model.ts'
import { Loading } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { graphOf } from './editor/graph-of.ts'
import { dagsTexts } from './text.ts'
import { useActive } from './use-active.ts'

const route = getRouteApi('/t/$tenant/dags/$dag')

/** The graph of the active version, and the node that is chosen in it. */
export function GraphTab({ dag }: { dag: Dag }) {
  const t = useTexts(dagsTexts)
  const { node } = route.useSearch()
  const setSearch = useSetSearch()
  const version = useActive(dag)
  const definition = version.data?.definition as DagDefinition | undefined
  const graph = useMemo(() => definition && graphOf(definition), [definition])
  const [edge, setEdge] = useState<GraphSelection | null>(null)
  if (dag.active === null) return <EmptyState title={t('noActiveTitle')}>{t('noActiveHint')}</EmptyState>
  if (version.error !== null) return <ErrorPanel error={version.error} retry={() => void version.refetch()} />
  if (!graph || !definition) return <Loading />
  const shown = definition.nodes.find(({ code }) => code === node)
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {t('version', { number: dag.active })}
        {dag.gray === null ? '' : ` · ${t('grayNow', dag.gray)}`}
      </Text>
      <DagGraph
        label={t('graphOf', { code: dag.code, number: dag.active })}
        {...graph}
        selection={edge ?? (shown ? selectNode(shown.code) : NOTHING_SELECTED)}
        onSelect={(next) => {
          setEdge(next.edge === null ? null : next)
          setSearch({ node: next.nodes.at(-1) })
        }}
      />
      {shown && <JsonView value={shown} label={shown.code} />}
    </Stack>
  )
}
