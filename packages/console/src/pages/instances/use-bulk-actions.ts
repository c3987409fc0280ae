import type { Client, Instance, InstanceAction } from '@carillon/contract'
import { useTenant } from '../../app/session.tsx'
import type { BulkAction } from '../../components/bulk/BulkActions.tsx'
import type { ItemAnswer } from '../../components/bulk/plan.ts'
import { useTexts } from '../../i18n/texts.ts'
import { instancesTexts } from './text.ts'

/** At once; the API controls one instance a call where they are named one by one. */
const SIDE_BY_SIDE = 4

type Filter = Parameters<Client['instanceBulk']['preview']>[0]['body']['filter']

/** What can be done with instances by the dozen, or with all that match. Those of a task's run are controlled by their run. */
export function useBulkActions(filter: Filter): readonly BulkAction<Instance>[] {
  const t = useTexts(instancesTexts)
  const { api, can } = useTenant()
  const action = (
    key: InstanceAction,
    label: string,
    leftOut: (state: string) => string | null,
    call: (instance: { params: { instance: number } }) => Promise<unknown>,
  ): BulkAction<Instance> => ({
    key,
    label,
    leftOut: ({ nodeCode, state }) => (nodeCode === null ? t('isTask') : leftOut(state)),
    act: (ids) => answersOf(ids, (instance) => call({ params: { instance } })),
    matching: {
      preview: () => api.instanceBulk.preview({ body: { action: key, filter } }),
      // What it can be done to by its state is no node, where the server leaves it out.
      why: (state) => leftOut(state) ?? t('isTask'),
      act: async (upTo, cursor) => {
        const from = cursor === undefined ? {} : { cursor }
        const { items, nextCursor } = await api.instanceBulk.act({ body: { action: key, filter, upTo, ...from } })
        const answers = items.map(({ instanceId, ok, detail, code }) => ({ id: instanceId, ok, detail: detail ?? code }))
        return { answers, next: nextCursor }
      },
    },
  })
  const cancel = action('cancel', t('cancel'), (state) => (UNDER_WAY.has(state) ? null : t('ended')), api.instances.cancel)
  const skip = action(
    'skip',
    t('skip'),
    (state) => (NOT_BEGUN.has(state) ? null : t(UNDER_WAY.has(state) ? 'started' : 'ended')),
    api.instances.skip,
  )
  const retry = action(
    'retry',
    t('retry'),
    (state) => (FAILED.has(state) ? null : t('notFailed')),
    (instance) => api.instances.retry({ ...instance, body: {} }),
  )
  const run: BulkAction<Instance> = {
    // The server tells it by more than the state: what it leaves out does not wait for time.
    ...action('run', t('runNow'), () => t('notTime'), api.instances.run),
    leftOut: ({ waitReason }) => (waitReason === 'TIME' ? null : t('notTime')),
  }
  return [...(can('run.trigger') ? [retry] : []), ...(can('run.control') ? [{ ...cancel, danger: true }, skip, run] : [])]
}

const setOf = (...states: readonly Instance['state'][]): ReadonlySet<string> => new Set(states)
const NOT_BEGUN = setOf('WAITING', 'PENDING')
const UNDER_WAY = setOf('WAITING', 'PENDING', 'RESERVED', 'RUNNING')
const FAILED = setOf('FAILED', 'TIMEOUT', 'CANCELLED', 'LOST')

async function answersOf(ids: readonly number[], act: (id: number) => Promise<unknown>): Promise<readonly ItemAnswer[]> {
  const answers: ItemAnswer[] = []
  for (let place = 0; place < ids.length; place += SIDE_BY_SIDE) {
    const some = ids.slice(place, place + SIDE_BY_SIDE).map(async (id): Promise<ItemAnswer> => {
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
