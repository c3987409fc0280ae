import type { Run } from '@carillon/contract'
import { useTenant } from '../../app/session.tsx'
import type { BulkAction } from '../../components/bulk/BulkActions.tsx'
import type { ItemAnswer } from '../../components/bulk/plan.ts'
import { useTexts } from '../../i18n/texts.ts'
import { runsTexts } from './text.ts'

interface Answer {
  readonly items: readonly { readonly runId: number; readonly ok: boolean; readonly detail?: string; readonly code?: string }[]
}

/** What can be done with runs by the hundred: each call of the API answers every run by itself. */
export function useBulkActions(): readonly BulkAction<Run>[] {
  const t = useTexts(runsTexts)
  const { api, can } = useTenant()
  const all = (call: (runs: number[]) => Promise<Answer>) => async (rows: readonly Run[]) =>
    (await call(rows.map(({ id }) => id))).items.map(({ runId, ok, detail, code }): ItemAnswer => ({
      id: runId,
      ok,
      detail: detail ?? code,
    }))
  const unlessOver = (why: (run: Run) => string | null) => (run: Run) => (run.endedAt === null ? why(run) : t('isOver'))
  const retry: BulkAction<Run> = {
    key: 'retry',
    label: t('runAgain'),
    leftOut: ({ endedAt }) => (endedAt === null ? t('isUnderWay') : null),
    act: all((runs) => api.runs.retryMany({ body: { runs } })),
  }
  const control: readonly BulkAction<Run>[] = [
    {
      key: 'cancel',
      label: t('cancelRuns'),
      danger: true,
      leftOut: unlessOver(() => null),
      act: all((runs) => api.runs.cancelMany({ body: { runs } })),
    },
    {
      key: 'pause',
      label: t('pauseRuns'),
      leftOut: unlessOver(({ state }) => (state === 'PAUSED' ? t('isPaused') : null)),
      act: all((runs) => api.runs.pauseMany({ body: { runs } })),
    },
    {
      key: 'resume',
      label: t('resumeRuns'),
      leftOut: unlessOver(({ state }) => (state === 'PAUSED' ? null : t('isNotPaused'))),
      act: all((runs) => api.runs.resumeMany({ body: { runs } })),
    },
  ]
  return [...(can('run.trigger') ? [retry] : []), ...(can('run.control') ? control : [])]
}
