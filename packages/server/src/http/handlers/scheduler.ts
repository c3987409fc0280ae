import type { Scheduler, schedulerRoutes } from '@carillon/contract'
import { noSuch } from '../../definition/versioned-object.ts'
import type { Transaction } from '../../storage/database.ts'
import {
  getSchedulerControl,
  listNodes,
  setNodeState,
  setSchedulerState,
  type SchedulerState,
} from '../../storage/scheduler-control.ts'
import { countPending, countRunning } from '../../storage/overview.ts'
import type { Context, Handlers } from '../context.ts'

export const schedulerHandlers: Handlers<typeof schedulerRoutes> = {
  status: (_, context) => context.survey((tx) => statusOf(tx, context)),
  start: (_, context) => setAll(context, 'RUNNING'),
  stop: (_, context) => setAll(context, 'STOPPED'),
  drain: (_, context) => setAll(context, 'DRAINING'),
  startNode: ({ params }, context) => setNode(context, params.node, 'RUNNING'),
  stopNode: ({ params }, context) => setNode(context, params.node, 'STOPPED'),
  drainNode: ({ params }, context) => setNode(context, params.node, 'DRAINING'),
}

function setAll(context: Context, state: SchedulerState): Promise<Scheduler> {
  return context.changePlatform(async ({ tx, principal }) => {
    const before = await setSchedulerState(tx, state, principal)
    return {
      answer: await statusOf(tx, context),
      object: { kind: 'scheduler', id: null },
      before: { state: before },
      after: { state },
    }
  })
}

function setNode(context: Context, id: string, state: SchedulerState): Promise<Scheduler> {
  return context.changePlatform(async ({ tx }) => {
    const before = await setNodeState(tx, id, state)
    if (before === undefined) throw noSuch('server node')
    return {
      answer: await statusOf(tx, context),
      object: { kind: 'server_node', id },
      before: { state: before },
      after: { state },
    }
  })
}

async function statusOf(tx: Transaction, { tenantId, principal }: Context): Promise<Scheduler> {
  const [control, nodes, running, pending] = await Promise.all([
    getSchedulerControl(tx),
    listNodes(tx),
    countRunning(tx, tenantId),
    countPending(tx, tenantId),
  ])
  // Where nodes can be reached is the platform's business.
  const address = (value: string | null) => (principal.platformAdmin ? value : null)
  return {
    ...control,
    running: running.count,
    pending: pending.count,
    nodes: nodes.map((node) => ({ ...node, leads: [...node.leads], address: address(node.address) })),
  }
}
