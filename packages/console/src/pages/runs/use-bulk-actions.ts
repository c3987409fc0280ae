import type { Client, Run, RunAction } from '@carillon/contract'
import { useTenant } from '../../app/session.tsx'
import type { BulkAction } from '../../components/bulk/BulkActions.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { runsTexts } from './text.ts'

interface Answer {
  readonly items: readonly { readonly runId: number; readonly ok: boolean; readonly detail?: string; readonly code?: string }[]
}

type Filter = Parameters<Client['runBulk']['preview']>[0]['body']['filter']
type From = 'START' | 'FAILED'

/** What can be done with runs by the hundred, or with all that match: each call of the API answers every run by itself. */
export function useBulkActions(filter: Filter): readonly BulkAction<Run>[] {
  const t = useTexts(runsTexts)
  const { api, can } = useTenant()
  const action = (
    key: RunAction,
    label: string,
    leftOut: (state: string) => string | null,
    call: (runs: number[], from: From) => Promise<Answer>,
  ): BulkAction<Run> => ({
    key,
    label,
    leftOut: ({ state }) => leftOut(state),
    act: async (ids, from) => answersOf(await call([...ids], from as From)),
    matching: {
      preview: () => api.runBulk.preview({ body: { action: key, filter } }),
      // What can be run again by its state has been, where the server leaves it out.
      why: (state) => leftOut(state) ?? t('isRepeated'),
      act: async (upTo, cursor, from) => {
        const how = { ...(cursor === undefined ? {} : { cursor }), ...(key === 'retry' ? { from: from as From } : {}) }
        const answer = await api.runBulk.act({ body: { action: key, filter, upTo, ...how } })
        return { answers: answersOf(answer), next: answer.nextCursor }
      },
    },
  })
  const unlessOver = (why: (state: string) => string | null) => (state: string) =>
    UNDER_WAY.has(state) ? why(state) : t('isOver')
  const retry: BulkAction<Run> = {
    ...action(
      'retry',
      t('runAgain'),
      (state) => (UNDER_WAY.has(state) ? t('isUnderWay') : null),
      (runs, from) => api.runs.retryMany({ body: { runs, from } }),
    ),
    asks: {
      kind: 'choice',
      label: t('retryFrom'),
      options: [
        { value: 'START', label: t('fromStart') },
        { value: 'FAILED', label: t('fromFailed') },
      ],
    },
  }
  const cancel = action(
    'cancel',
    t('cancelRuns'),
    unlessOver(() => null),
    (runs) => api.runs.cancelMany({ body: { runs } }),
  )
  const pause = action(
    'pause',
    t('pauseRuns'),
    unlessOver((state) => (state === 'PAUSED' ? t('isPaused') : null)),
    (runs) => api.runs.pauseMany({ body: { runs } }),
  )
  const resume = action(
    'resume',
    t('resumeRuns'),
    unlessOver((state) => (state === 'PAUSED' ? null : t('isNotPaused'))),
    (runs) => api.runs.resumeMany({ body: { runs } }),
  )
  return [...(can('run.trigger') ? [retry] : []), ...(can('run.control') ? [{ ...cancel, danger: true }, pause, resume] : [])]
}

const UNDER_WAY: ReadonlySet<string> = new Set<Run['state']>(['PENDING', 'RUNNING', 'PAUSED'])

const answersOf = ({ items }: Answer) => items.map(({ runId, ok, detail, code }) => ({ id: runId, ok, detail: detail ?? code }))
