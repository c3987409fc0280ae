import type { DagDefinitionView, RunDetail } from '@carillon/contract'
import { Button, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Ban, Pause, Play, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { useTenant } from '../../app/session.tsx'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { ProblemAlert } from '../../components/ErrorPanel.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { RetryDialog } from './RetryDialog.tsx'
import type { RunNode } from './run-nodes.ts'
import { runTexts } from './run-text.ts'
import { StopsAll } from './StopsAll.tsx'
import { isOver } from './use-run.ts'

interface RunActionsProps {
  readonly run: RunDetail
  readonly nodes: readonly RunNode[]
  readonly definition: DagDefinitionView | null
}

export function RunActions({ run, nodes, definition }: RunActionsProps) {
  const t = useTexts(runTexts)
  const { api, code, can } = useTenant()
  const client = useQueryClient()
  const [asked, ask] = useState<'cancel' | 'retry' | null>(null)
  const refresh = () => client.invalidateQueries({ queryKey: ['run', code, run.id] })
  const params = { run: run.id }
  const switching = useMutation({
    mutationFn: (action: 'pause' | 'resume') => api.runs[action]({ params }),
    onSettled: refresh,
  })
  const over = isOver(run)
  const stopped = run.state === 'PAUSED' ? 'resume' : 'pause'
  return (
    <>
      {can('run.control') && !over && (
        <>
          <Button
            variant="default"
            leftSection={stopped === 'pause' ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
            loading={switching.isPending}
            onClick={() => switching.mutate(stopped)}
          >
            {t(stopped)}
          </Button>
          <Button variant="default" leftSection={<Ban size={14} aria-hidden />} onClick={() => ask('cancel')}>
            {t('cancel')}
          </Button>
        </>
      )}
      {can('run.trigger') && over && (
        <Button leftSection={<RotateCcw size={14} aria-hidden />} onClick={() => ask('retry')}>
          {t('retry')}
        </Button>
      )}
      <ProblemAlert error={switching.error} />
      <ConfirmDialog
        opened={asked === 'cancel'}
        onClose={() => ask(null)}
        title={t('cancelTitle', { id: run.id })}
        confirm={t('cancel')}
        danger
        onConfirm={() => api.runs.cancel({ params }).finally(refresh)}
      >
        <Text size="sm">{t('cancelHint')}</Text>
        <StopsAll instances={nodes.flatMap(({ instances }) => instances)} />
      </ConfirmDialog>
      {asked === 'retry' && <RetryDialog run={run} nodes={nodes} definition={definition} onClose={() => ask(null)} />}
    </>
  )
}
