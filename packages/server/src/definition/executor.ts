import type { ExecutorCreate, ExecutorUpdate, XxlJobExecutorCreate } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { baseAddressProblem, webAddressProblem } from '../lifecycle/web-address.ts'
import { apps } from '../storage/app.ts'
import { checkAnew, lockCheck } from '../storage/executor-check.ts'
import { endOpenSession, lockOpenSession, registerByHand, setCallToken, updateByHand } from '../storage/executor-session.ts'
import {
  findExecutor,
  lockExecutor,
  markExecutorDeleted,
  setExecutorStatus,
  type ExecutorAdminRow,
} from '../storage/executor-admin.ts'
import type { Vault } from '../vault/vault.ts'
import type { Change, Edit } from './edit.ts'
import { invalid } from './invalid.ts'
import { XXL_JOB } from './kinds/xxl-job.ts'
import { holdReference } from './references.ts'
import { noSuch } from './versioned-object.ts'
import { assertXxlUpdate, beatUrlOf, keepToken, tokenOfApp, XXL_CAPACITY } from './xxl-executor.ts'

export type ExecutorStatus = 'ONLINE' | 'OFFLINE' | 'MAINTENANCE' | 'DRAINING'

/** A push executor that does not register itself: it comes into service with its first successful health check. */
export async function createExecutor(edit: Edit, body: ExecutorCreate): Promise<Change<ExecutorAdminRow>> {
  const { tx, tenantId, principal } = edit
  assertAddresses(body)
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

/**
 * One that speaks the protocol of xxl-job and does not register itself: it comes into service with its first beat. Needs the engine's
 * rights.
 */
export async function createXxlJobExecutor(
  edit: Edit,
  vault: Vault,
  body: XxlJobExecutorCreate,
): Promise<Change<ExecutorAdminRow>> {
  const { tx, tenantId, principal } = edit
  assertAddresses(body)
  const app = await holdReference(edit, apps, body.app, '/body/app', 'app')
  const { address, instance = address, capacity = XXL_CAPACITY, labels = {}, metadata = {}, healthEveryMs = null } = body
  if (instance.length > LONGEST_NAME)
    throw invalid('/body/instance', `is needed: the address is longer than the ${LONGEST_NAME} characters of a name`)
  const tokenId = await tokenOfApp(edit, app, body.callToken)
  const said = { instance, address, capacity, labels, metadata, healthEveryMs }
  const given = { handlers: [XXL_JOB], healthUrl: beatUrlOf(address), perCall: null, mode: 'PUSH' } as const
  const id = await registerByHand(tx, { tenantId, appId: app.id, ...said, ...given }, principal, null)
  if (id === null) throw nameTaken(instance, app.code)
  await keepToken(edit, vault, id, { id: tokenId, secret: body.callToken })
  if (body.maintenance !== undefined)
    await setExecutorStatus(tx, tenantId, id, { status: 'MAINTENANCE', setBy: principal, reason: body.maintenance })
  const after = (await findExecutor(tx, tenantId, id))!
  const { status, protocol } = after
  return {
    answer: after,
    object: { kind: 'executor', id },
    before: null,
    after: { app: app.code, protocol, status, ...said },
  }
}

const LONGEST_NAME = 200

function assertAddresses(urls: { readonly address?: string; readonly healthUrl?: string }): void {
  for (const [name, problemOf] of [
    ['address', baseAddressProblem],
    ['healthUrl', webAddressProblem],
  ] as const) {
    const url = urls[name]
    const problem = url === undefined ? null : problemOf(url)
    if (problem !== null) throw invalid(`/body/${name}`, problem)
  }
}

/**
 * Changes what a person has said of an executor; what it holds goes on. At a new address, or health URL, it gets work once it has answered a
 * check there. Needs the engine's rights. The check is locked before the session, and that before the executor.
 */
export async function updateExecutor(
  edit: Edit,
  vault: Vault,
  id: number,
  body: ExecutorUpdate,
): Promise<Change<ExecutorAdminRow>> {
  const { tx, tenantId } = edit
  assertAddresses(body)
  lockCheck(tx, tenantId, id)
  await lockOpenSession(tx, tenantId, id)
  const before = await lock(edit, id)
  if (before.registeredBy === null) throw registersItself(before)
  const { callToken, ...said } = body
  const { address, healthEveryMs, perCall, handlers, capacity, labels, metadata, ...rest } = { ...before, ...said }
  const isMoved = address !== before.address
  const isXxlJob = before.protocol === 'XXL_JOB'
  if (isXxlJob) assertXxlUpdate(body, isMoved)
  const healthUrl = isXxlJob ? beatUrlOf(address!) : rest.healthUrl
  await updateByHand(tx, tenantId, id, {
    address: address!,
    healthUrl: healthUrl!,
    healthEveryMs,
    perCall,
    handlers,
    capacity,
    labels,
    metadata,
  })
  // Who may move an executor is not thereby told its token.
  const token = callToken !== undefined ? callToken : isMoved ? null : undefined
  if (isXxlJob && token) await keepToken(edit, vault, id, { id: await tokenOfApp(edit, before.app, token), secret: token })
  if (!isXxlJob && token !== undefined) await setCallToken(tx, tenantId, id, token)
  if (isMoved || healthUrl !== before.healthUrl) await checkAnew(tx, tenantId, id)
  const after = (await findExecutor(tx, tenantId, id))!
  return { answer: after, object: { kind: 'executor', id }, before: saidOf(before), after: saidOf(after) }
}

function registersItself({ instance }: ExecutorAdminRow): CarillonError {
  return new CarillonError(
    'STATE_CONFLICT',
    `The executor "${instance}" registers itself: what it says of itself is changed in its own settings. Only one that was registered by hand is changed here.`,
  )
}

function saidOf({ address, healthUrl, healthEveryMs, perCall, handlers, capacity, labels, metadata }: ExecutorAdminRow) {
  return { address, healthUrl, healthEveryMs, perCall, handlers, capacity, labels, metadata }
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
