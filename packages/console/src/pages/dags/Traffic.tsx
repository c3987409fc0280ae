import type { Dag, DagVersionHead } from '@carillon/contract'
import { Button, Group, Paper, Select, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTenant } from '../../app/session.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { dagsTexts } from './text.ts'

interface TrafficProps {
  readonly dag: Dag
  readonly versions: readonly DagVersionHead[]
  readonly writable: boolean
  readonly onChanged: () => Promise<unknown>
}

/** Which versions new runs use. */
export function Traffic({ dag, versions, writable, onChanged }: TrafficProps) {
  const t = useTexts(dagsTexts)
  const { api } = useTenant()
  const [setting, setSetting] = useState(false)
  const candidates = versions.filter(({ state, number }) => state !== 'DRAFT' && number !== dag.active)
  if (dag.active === null || (dag.gray === null && (candidates.length === 0 || !writable))) return null
  return (
    <Paper withBorder p="sm" component="section" aria-label={t('gray')} style={{ borderColor: 'var(--hairline)' }}>
      <Text component="h2" fw={600}>
        {t('gray')}
      </Text>
      <Group justify="space-between">
        <Text size="sm">{dag.gray === null ? `${t('grayNone')} ${t('grayHint')}` : t('grayNow', dag.gray)}</Text>
        {writable && (
          <Group gap="xs">
            <Button size="compact-sm" variant="default" onClick={() => setSetting(true)}>
              {t('graySet')}
            </Button>
            {dag.gray !== null && (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => void api.dags.endGray({ params: { dag: dag.code } }).then(onChanged)}
              >
                {t('grayEnd')}
              </Button>
            )}
          </Group>
        )}
      </Group>
      {setting && <GrayDialog dag={dag} candidates={candidates} onClose={() => setSetting(false)} onDone={onChanged} />}
    </Paper>
  )
}

interface GrayProps {
  readonly dag: Dag
  readonly candidates: readonly DagVersionHead[]
  readonly onClose: () => void
  readonly onDone: () => Promise<unknown>
}

function GrayDialog({ dag, candidates, onClose, onDone }: GrayProps) {
  const t = useTexts(dagsTexts)
  const { api } = useTenant()
  const [number, setNumber] = useState(String(dag.gray?.number ?? candidates[0]?.number ?? ''))
  const [percent, setPercent] = useState(String(dag.gray?.percent ?? 10))
  const numbers = [...new Set([...candidates.map((each) => each.number), ...(dag.gray ? [dag.gray.number] : [])])]
  return (
    <FormDialog
      title={t('gray')}
      submit={t('save')}
      onClose={onClose}
      onSubmit={() => api.dags.setGray({ params: { dag: dag.code }, body: { number: Number(number), percent: Number(percent) } })}
      onDone={() => {
        onClose()
        void onDone()
      }}
    >
      {(problem) => (
        <>
          <Text size="sm" c="dimmed">
            {t('grayHint')}
          </Text>
          <Select
            label={t('grayVersion')}
            data={numbers.map((each) => ({ value: String(each), label: t('version', { number: each }) }))}
            value={number}
            allowDeselect={false}
            error={problem('/number')}
            onChange={(next) => setNumber(next ?? '')}
          />
          <TextInput
            label={t('grayPercent')}
            inputMode="numeric"
            value={percent}
            error={problem('/percent')}
            onChange={({ currentTarget }) => setPercent(currentTarget.value)}
          />
        </>
      )}
    </FormDialog>
  )
}
