import type { DagVersionHead } from '@carillon/contract'
import type { DagDefinition } from '@carillon/core'
import { Button, Group, Select, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { Loading } from '../../components/DataTable.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { DiffView } from './DiffView.tsx'
import { dagsTexts } from './text.ts'

interface ComparedProps {
  readonly dag: string
  readonly from: number
  readonly to: number
  readonly versions: readonly DagVersionHead[]
}

/** What differs between two versions; both can be chosen. */
export function Compared({ dag, from, to, versions }: ComparedProps) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant } = useTenant()
  const setSearch = useSetSearch()
  const both = useQuery({
    queryKey: ['dags', tenant, dag, 'compare', from, to],
    queryFn: () => Promise.all([from, to].map((number) => api.dagVersions.get({ params: { dag, number } }))),
  })
  const numbers = [...new Set([from, to, ...versions.map(({ number }) => number)])].sort((a, b) => b - a)
  const data = numbers.map((number) => ({ value: String(number), label: t('version', { number }) }))
  return (
    <Stack gap="sm" component="section" aria-label={t('compareTitle', { from, to })}>
      <Group align="flex-end">
        <Select
          label={t('compareWith')}
          data={data}
          value={String(from)}
          allowDeselect={false}
          onChange={(next) => setSearch({ from: next ?? undefined })}
          w={150}
        />
        <Select
          label={t('runVersion')}
          data={data}
          value={String(to)}
          allowDeselect={false}
          onChange={(next) => setSearch({ to: next ?? undefined })}
          w={150}
        />
        <Button variant="default" onClick={() => setSearch({ from: undefined, to: undefined }, 'push')}>
          {t('versions')}
        </Button>
      </Group>
      {both.error !== null ? (
        <ErrorPanel error={both.error} retry={() => void both.refetch()} />
      ) : both.data === undefined ? (
        <Loading />
      ) : (
        <DiffView before={both.data[0]!.definition as DagDefinition} after={both.data[1]!.definition as DagDefinition} />
      )}
    </Stack>
  )
}
