import { BULK_PART, type RunAction, type runBulkRoutes } from '@carillon/contract'
import { FINAL_RUN_STATES, RUN_STATES, type RunState } from '@carillon/core'
import { bulkResult } from '../../definition/bulk.ts'
import { listMatching, listRuns } from '../../storage/run-list.ts'
import type { Handlers } from '../context.ts'
import { MOST_COUNTED, SAMPLE, previewOf } from './matching.ts'
import { control, runView, type ControlName } from './runs.ts'

/** What can be done to runs in which states. */
const ACTIONS: Readonly<Record<RunAction, { readonly control: ControlName; readonly states: readonly RunState[] }>> = {
  cancel: { control: 'cancelRuns', states: ['PENDING', 'RUNNING', 'PAUSED'] },
  pause: { control: 'pauseRuns', states: ['PENDING', 'RUNNING'] },
  resume: { control: 'resumeRuns', states: ['PAUSED'] },
  retry: { control: 'retryRuns', states: FINAL_RUN_STATES },
}

type Filters = Readonly<Record<string, unknown>> & { readonly state?: readonly RunState[] }

export const runBulkHandlers: Handlers<typeof runBulkRoutes> = {
  preview: ({ body: { action, filter } }, { read, tenantId }) =>
    read(async (tx) => {
      const filters = touched(action, filter)
      const page = { order: '-id', limit: MOST_COUNTED }
      const [meant, all, sample] = await Promise.all([
        listMatching(tx, tenantId, { ...page, filters }),
        listMatching(tx, tenantId, { ...page, filters: filter }),
        listRuns(tx, tenantId, { ...page, limit: SAMPLE, filters }),
      ])
      return { ...previewOf(meant, all, RUN_STATES), sample: sample.items.map(runView) }
    }),
  act: async ({ body: { action, filter, upTo, cursor, from = 'START' } }, context) => {
    if (action === 'retry') context.require('run.trigger')
    const request = { order: '-id', limit: BULK_PART, cursor, filters: { ...touched(action, filter), upTo } }
    const page = await context.read((tx) => listMatching(tx, context.tenantId, request))
    const ids = page.items.map(({ id }) => id)
    const how = action === 'retry' ? { from } : undefined
    const results = await control(context, ACTIONS[action].control, ids, how, { action, filter, upTo })
    return { ...bulkResult(results), nextCursor: page.nextCursor }
  },
}

/** Those that match and to which it can be done. What was run again already is not run again by whoever sends a part twice. */
function touched(action: RunAction, filter: Filters): Filters {
  const { states } = ACTIONS[action]
  const state = (filter.state ?? states).filter((each) => states.includes(each))
  return { ...filter, state, ...(action === 'retry' ? { repeated: false } : {}) }
}
