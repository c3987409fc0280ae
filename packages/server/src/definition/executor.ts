import type { ExecutorCreate } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { webAddressProblem } from '../lifecycle/web-address.ts'
import { apps } from '../storage/app.ts'
import { endOpenSession, registerByHand } from '../storage/executor-session.ts'
import {
  findExecutor,
  lockExecutor,
  markExecutorDeleted,
  setExecutorStatus,
  type ExecutorAdminRow,
} from '../storage/executor-admin.ts'
import type { Change, Edit } from './edit.ts'
import { invalid } from './invalid.ts'
import { holdReference } from './references.ts'
import { noSuch } from './versioned-object.ts'

export type ExecutorStatus = 'ONLINE' | 'OFFLINE' | 'MAINTENANCE' | 'DRAINING'

/** A push executor that does not register itself: it comes into service with its first successful health check. */
export async function createExecutor(edit: Edit, body: ExecutorCreate): Promise<Change<ExecutorAdminRow>> {
  const { tx, tenantId, principal } = edit
  for (const name of ['address', 'healthUrl'] as const) {
    const problem = webAddressProblem(body[name])
    if (problem !== null) throw invalid(`/body/${name}`, problem)
  }
  const app = await holdReference(edit, apps, body.app, '/body/app', 'app')
  const {
    instance,
    address,
    handlers,
    capacity,
    labels = {},
    metadata = {},
    healthUrl,
    healthEveryMs = null,
    perCall = null,
  } = body
  const registration = {
    instance,
    address,
    handlers,
    capacity,
    labels,
    metadata,
    healthUrl,
    healthEveryMs,
    perCall,
    mode: 'PUSH',
  } as const
  const id = await registerByHand(tx, { tenantId, appId: app.id, ...registration }, principal, body.callToken ?? null)
  if (id === null) throw nameTaken(instance, app.code)
  const after = (await findExecutor(tx, tenantId, id))!
  return { answer: after, object: { kind: 'executor', id }, before: null, after: { app: app.code, ...registration } }
}

function nameTaken(instance: string, app: string): CarillonError {
  return new CarillonError(
    'CODE_TAKEN',
    `The app ${app} has an executor "${instance}" already. Choose another name, or delete it.`,
    {
      problems: [{ path: '/body/instance', message: 'is already used in this app' }],
    },
  )
}

/** A person's word about an executor. ONLINE takes it back: from then on the registry decides again. */
export async function setStatus(
  edit: Edit,
  id: number,
  status: ExecutorStatus,
  reason: string | undefined,
): Promise<Change<ExecutorAdminRow>> {
  const before = await lock(edit, id)
  const setBy = status === 'ONLINE' ? null : edit.principal
  // Without a session there is nobody to be online: the next registration says so.
  const stored = status === 'ONLINE' && before.session === null ? 'OFFLINE' : status
  await setExecutorStatus(edit.tx, edit.tenantId, id, { status: stored, setBy, reason: reason ?? null })
  const after = (await findExecutor(edit.tx, edit.tenantId, id))!
  return { answer: after, object: { kind: 'executor', id }, before: statusOf(before), after: statusOf(after) }
}

/** Ends its session too, so that what it holds is given to others at once; needs the engine's rights for that. */
export async function deleteExecutor(edit: Edit, id: number): Promise<Change<undefined>> {
  const before = await lock(edit, id)
  await markExecutorDeleted(edit.tx, edit.tenantId, id)
  await endOpenSession(edit.tx, edit.tenantId, id, 'DELETED')
  return {
    answer: undefined,
    object: { kind: 'executor', id },
    before: { instance: before.instance, ...statusOf(before) },
    after: null,
  }
}

async function lock({ tx, tenantId }: Edit, id: number): Promise<ExecutorAdminRow> {
  const row = (await lockExecutor(tx, tenantId, id)) ? await findExecutor(tx, tenantId, id) : undefined
  if (!row) throw noSuch('executor')
  return row
}

function statusOf({ status, statusSetBy, statusReason }: ExecutorAdminRow) {
  return { status, statusSetBy, statusReason }
}
