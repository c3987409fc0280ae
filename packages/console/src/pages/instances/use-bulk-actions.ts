import type { Instance } from '@carillon/contract'
import { useTenant } from '../../app/session.tsx'
import type { BulkAction } from '../../components/bulk/BulkActions.tsx'
import type { ItemAnswer } from '../../components/bulk/plan.ts'
import { useTexts } from '../../i18n/texts.ts'
import { instancesTexts } from './text.ts'

/** At once; the API controls one instance a call. */
const SIDE_BY_SIDE = 4

/** What can be done with instances by the dozen. Those of a task's run are controlled by their run. */
export function useBulkActions(): readonly BulkAction<Instance>[] {
  const t = useTexts(instancesTexts)
  const { api, can } = useTenant()
  const each = (act: (id: number) => Promise<unknown>) => (rows: readonly Instance[]) => answersOf(rows, act)
  const ofNodes = (why: (row: Instance) => string | null) => (row: Instance) => (row.nodeCode === null ? t('isTask') : why(row))
  const params = (id: number) => ({ params: { instance: id } })
  const failed = new Set<Instance['state']>(['FAILED', 'TIMEOUT', 'CANCELLED', 'LOST'])
  const control: readonly BulkAction<Instance>[] = [
    {
      key: 'cancel',
      label: t('cancel'),
      danger: true,
      leftOut: ofNodes(({ endedAt }) => (endedAt === null ? null : t('ended'))),
      act: each((id) => api.instances.cancel(params(id))),
    },
    {
      key: 'skip',
      label: t('skip'),
      leftOut: ofNodes(({ endedAt, state }) =>
        endedAt !== null ? t('ended') : state === 'WAITING' || state === 'PENDING' ? null : t('started'),
      ),
      act: each((id) => api.instances.skip(params(id))),
    },
    {
      key: 'run',
      label: t('runNow'),
      leftOut: ({ waitReason }) => (waitReason === 'TIME' ? null : t('notTime')),
      act: each((id) => api.instances.run(params(id))),
    },
  ]
  const retry: BulkAction<Instance> = {
    key: 'retry',
    label: t('retry'),
    leftOut: ofNodes(({ state }) => (failed.has(state) ? null : t('notFailed'))),
    act: each((id) => api.instances.retry({ ...params(id), body: {} })),
  }
  return [...(can('run.trigger') ? [retry] : []), ...(can('run.control') ? control : [])]
}

async function answersOf(rows: readonly Instance[], act: (id: number) => Promise<unknown>): Promise<readonly ItemAnswer[]> {
  const answers: ItemAnswer[] = []
  for (let place = 0; place < rows.length; place += SIDE_BY_SIDE) {
    const some = rows.slice(place, place + SIDE_BY_SIDE).map(async ({ id }): Promise<ItemAnswer> => {
      try {
        await act(id)
        return { id, ok: true }
      } catch (error) {
        return { id, ok: false, detail: error instanceof Error ? error.message : String(error) }
      }
    })
    answers.push(...(await Promise.all(some)))
  }
  return answers
}
