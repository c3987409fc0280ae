import { INSTANCE_BULK_PART, type InstanceAction, type InstanceResult, type instanceBulkRoutes } from '@carillon/contract'
import { CarillonError, INSTANCE_STATES, type InstanceState } from '@carillon/core'
import { bulkResult } from '../../definition/bulk.ts'
import { listInstances, listMatchingInstances } from '../../storage/instance-list.ts'
import type { Context, Handlers } from '../context.ts'
import { instanceViews } from './instance-view.ts'
import { assertMayRetry, control, instanceIn } from './instances.ts'
import { MOST_COUNTED, SAMPLE, previewOf } from './matching.ts'

interface ActionOnInstances {
  readonly kind: 'CANCEL' | 'SKIP' | 'RETRY' | 'RUN'
  readonly states: readonly InstanceState[]
  /** What else an instance must be for that. */
  readonly filters: Readonly<Record<string, unknown>>
}

const ACTIONS: Readonly<Record<InstanceAction, ActionOnInstances>> = {
  cancel: { kind: 'CANCEL', states: ['WAITING', 'PENDING', 'RESERVED', 'RUNNING'], filters: { isNode: true } },
  skip: { kind: 'SKIP', states: ['WAITING', 'PENDING'], filters: { isNode: true } },
  retry: { kind: 'RETRY', states: ['FAILED', 'TIMEOUT', 'CANCELLED', 'LOST'], filters: { isNode: true } },
  run: { kind: 'RUN', states: ['WAITING'], filters: { waitReason: 'TIME' } },
}

type Filters = Readonly<Record<string, unknown>> & { readonly state?: readonly InstanceState[] }

export const instanceBulkHandlers: Handlers<typeof instanceBulkRoutes> = {
  preview: ({ body: { action, filter } }, context) =>
    context.read(async (tx) => {
      const filters = touched(action, filter)
      const page = { order: '-id', limit: MOST_COUNTED }
      const [meant, all, sample] = await Promise.all([
        listMatchingInstances(tx, context.tenantId, { ...page, filters }),
        listMatchingInstances(tx, context.tenantId, { ...page, filters: filter }),
        listInstances(tx, context.tenantId, { ...page, limit: SAMPLE, filters }),
      ])
      return { ...previewOf(meant, all, INSTANCE_STATES), sample: await instanceViews(tx, context, sample.items) }
    }),
  act: async ({ body: { action, filter, upTo, cursor } }, context) => {
    if (action === 'retry') context.require('run.trigger')
    const request = { order: '-id', limit: INSTANCE_BULK_PART, cursor, filters: { ...touched(action, filter), upTo } }
    const page = await context.read((tx) => listMatchingInstances(tx, context.tenantId, request))
    const items: InstanceResult[] = []
    for (const { id } of page.items) items.push(await attempt(context, action, id))
    // Each that is done has left its entry; where nothing was, it stands that somebody asked.
    const asked = { action, filter, upTo, refused: items.length }
    if (!items.some(({ ok }) => ok)) await context.recordOnly(context.audited({ kind: 'instance', id: null }, null, asked))
    return { ...bulkResult(items), nextCursor: page.nextCursor }
  },
}

function touched(action: InstanceAction, filter: Filters): Filters {
  const { states, filters } = ACTIONS[action]
  const state = (filter.state ?? states).filter((each) => states.includes(each))
  return { ...filter, ...filters, state }
}

async function attempt(context: Context, action: InstanceAction, instanceId: number): Promise<InstanceResult> {
  try {
    const instance = await instanceIn(context, instanceId)
    if (action === 'retry') await assertMayRetry(context, instance, undefined)
    return { ok: true, ...(await control(context, { kind: ACTIONS[action].kind, tenantId: context.tenantId, instanceId })) }
  } catch (error) {
    if (error instanceof CarillonError) return { instanceId, ok: false, code: error.code, detail: error.message }
    throw error
  }
}
