import { BULK_PART, type RunAction, type runBulkRoutes } from '@carillon/contract'
import { FINAL_RUN_STATES, RUN_STATES, type RunState } from '@carillon/core'
import { bulkResult } from '../../definition/bulk.ts'
import type { Transaction } from '../../storage/database.ts'
import { listMatching, listRuns } from '../../storage/run-list.ts'
import type { Handlers } from '../context.ts'
import { control, runView, type ControlName } from './runs.ts'

/** What can be done to runs in which states. */
const ACTIONS: Readonly<Record<RunAction, { readonly control: ControlName; readonly states: readonly RunState[] }>> = {
  cancel: { control: 'cancelRuns', states: ['PENDING', 'RUNNING', 'PAUSED'] },
  pause: { control: 'pauseRuns', states: ['PENDING', 'RUNNING'] },
  resume: { control: 'resumeRuns', states: ['PAUSED'] },
  retry: { control: 'retryRuns', states: FINAL_RUN_STATES },
}

const MOST_COUNTED = 10_000
const SAMPLE = 20

type Filters = Readonly<Record<string, unknown>> & { readonly state?: readonly RunState[] }

export const runBulkHandlers: Handlers<typeof runBulkRoutes> = {
  preview: ({ body: { action, filter } }, { read, tenantId }) =>
    read(async (tx) => {
      const filters = touched(action, filter)
      const [meant, all, sample] = await Promise.all([
        matching(tx, tenantId, filters),
        matching(tx, tenantId, filter),
        listRuns(tx, tenantId, { order: '-id', limit: SAMPLE, filters }),
      ])
      return {
        matches: { count: meant.items.length, more: meant.more },
        others: { count: Math.max(0, all.items.length - meant.items.length), more: all.more },
        states: countByState(meant.items),
        sample: sample.items.map(runView),
        upTo: meant.items[0]?.id ?? null,
      }
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

async function matching(tx: Transaction, tenantId: number, filters: Filters) {
  const { items, nextCursor } = await listMatching(tx, tenantId, { order: '-id', limit: MOST_COUNTED, filters })
  return { items, more: nextCursor !== null }
}

function countByState(runs: readonly { readonly state: RunState }[]): { state: RunState; count: number }[] {
  const of = (state: RunState) => runs.filter((run) => run.state === state).length
  return RUN_STATES.map((state) => ({ state, count: of(state) })).filter(({ count }) => count > 0)
}
