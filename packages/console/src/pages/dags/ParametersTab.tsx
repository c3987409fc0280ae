import type { Dag } from '@carillon/contract'
import { Stack, Text } from '@mantine/core'
import { Loading } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { dagsTexts } from './text.ts'
import { useActive } from './use-active.ts'

/** What a run of the active version is given, and what it answers. */
export function ParametersTab({ dag }: { dag: Dag }) {
  const t = useTexts(dagsTexts)
  const version = useActive(dag)
  if (dag.active === null) return <EmptyState title={t('noActiveTitle')}>{t('noActiveHint')}</EmptyState>
  if (version.data === undefined) return <Loading />
  const { params, paramsSchema, output } = version.data.definition
  if (params === undefined && paramsSchema === undefined && output === undefined) return <EmptyState title={t('noParams')} />
  return (
    <Stack maw={900}>
      {(
        [
          ['defaults', params],
          ['schema', paramsSchema],
          ['output', output],
        ] as const
      ).map(
        ([word, value]) =>
          value !== undefined && (
            <div key={word}>
              <Text component="h2" fw={600} mb={4}>
                {t(word)}
              </Text>
              <JsonView value={value} label={t(word)} />
            </div>
          ),
      )}
    </Stack>
  )
}
