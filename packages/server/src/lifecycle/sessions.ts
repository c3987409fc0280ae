import { PROTOCOL_VERSION, type Register, type Registered } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { insertAudit } from '../storage/audit.ts'
import type { Transaction } from '../storage/database.ts'
import {
  endSessionOfName,
  findSuccessor,
  leaveSession,
  lockExecutorByHand,
  lockExecutorName,
  openSession,
  recordTakeOver,
  registerExecutor,
  selectAppByCode,
  selectSession,
  type ExecutorTransport,
  type SessionRow,
} from '../storage/executor-session.ts'
import { checkTopic, dispatchTopic } from '../runtime/wake-hub.ts'
import type { Engine } from './engine.ts'
import { forbiddenHostProblem } from './private-targets.ts'
import { baseAddressProblem, webAddressProblem } from './web-address.ts'

/** For whom a token of the role `executor` speaks: its tenant and, if it is bound to one, its app. */
export interface ExecutorPrincipal {
  readonly tenantId: number
  readonly appId: number | null
  /** As it stands in the audit trail: `token:<name>`. */
  readonly name?: string
  readonly address?: string
  readonly requestId?: string
}

export const REPORT_ITEMS = 1_000
export const LOG_LINES = 5_000

/**
 * Opens a session. Registering again under the same name ends the earlier session at once, and with it all that it held: a process that has been
 * started anew need not wait. One that was replaced so, and still lives, is not let in before the other has gone.
 */
export function register(engine: Engine, principal: ExecutorPrincipal, request: Register): Promise<Registered> {
  if (request.protocol !== PROTOCOL_VERSION) {
    throw new CarillonError(
      'PROTOCOL_UNSUPPORTED',
      `This server speaks executor protocol ${PROTOCOL_VERSION}, the executor ${request.protocol}.`,
    )
  }
  if (request.mode === 'PUSH' && !request.address) {
    throw new CarillonError('VALIDATION_FAILED', 'A push executor must say where it is called.', {
      problems: [{ path: '/body/address', message: 'is required with mode PUSH' }],
    })
  }
  refuseAddresses(request)
  return engine.db.lease(async (tx) => {
    const app = await appOf(tx, principal, request.app)
    await refuseTakenName(tx, principal.tenantId, app.id, request)
    const said = { mode: request.mode, address: request.address ?? null, healthUrl: request.healthUrl ?? null }
    const taken = await takeOverByHand(tx, principal, { id: app.id, code: request.app }, request.instance, said)
    if (taken !== null) throw new CarillonError('CODE_TAKEN', taken)
    await endSessionOfName(tx, principal.tenantId, app.id, request.instance)
    const executorId = await registerExecutor(tx, {
      tenantId: principal.tenantId,
      appId: app.id,
      instance: request.instance,
      mode: request.mode,
      address: request.address ?? null,
      handlers: request.handlers,
      capacity: request.capacity,
      labels: request.labels ?? {},
      metadata: request.metadata ?? {},
      healthUrl: request.healthUrl ?? null,
      healthEveryMs: request.healthEveryMs ?? null,
      perCall: request.perCall ?? null,
    })
    const { leaseMs, heartbeatMs } = engine.settings
    const session = await openSession(tx, {
      tenantId: principal.tenantId,
      executorId,
      appId: app.id,
      capacity: request.capacity,
      leaseMs,
      callToken: request.callToken ?? null,
    })
    await engine.queues.refresh(tx)
    tx.afterCommit(() => engine.hub.wake(request.healthUrl === undefined ? dispatchTopic : checkTopic))
    return {
      executorId,
      session,
      leaseMs,
      heartbeatMs,
      limits: {
        resultBytes: engine.settings.resultBytes,
        logLineBytes: engine.settings.logLineBytes,
        reportItems: REPORT_ITEMS,
        logLines: LOG_LINES,
      },
    }
  })
}

/** Two live processes of one name would end each other's sessions in turn, and all that they hold. */
async function refuseTakenName(
  tx: Transaction,
  tenantId: number,
  appId: number,
  { app, instance, previous }: Pick<Register, 'app' | 'instance' | 'previous'>,
): Promise<void> {
  if (previous === undefined) return
  await lockExecutorName(tx, tenantId, appId, instance)
  const successor = await findSuccessor(tx, { tenantId, appId, instance, session: previous })
  if (successor === null) return
  throw new CarillonError(
    'CODE_TAKEN',
    `Another process has registered as "${instance}" in the app "${app}" since (session ${successor}, after ${previous}), and lives. Two processes cannot share a name: give each an instance name of its own, or stop one of them. This one is let in when the other has gone.`,
  )
}

/**
 * What a person registered under this name becomes the executor's own, which its history and the audit trail tell; or answers why not.
 * `ownTransport`: also one that is in service, where it is called in this protocol.
 */
export async function takeOverByHand(
  tx: Transaction,
  principal: ExecutorPrincipal,
  app: { readonly id: number; readonly code: string },
  instance: string,
  said: { readonly mode: 'PULL' | 'PUSH'; readonly address: string | null; readonly healthUrl: string | null },
  ownTransport?: ExecutorTransport,
): Promise<string | null> {
  const { tenantId, name = 'an executor token', address = null, requestId = null } = principal
  await lockExecutorName(tx, tenantId, app.id, instance)
  const byHand = await lockExecutorByHand(tx, tenantId, app.id, instance)
  if (byHand === null) return null
  const { id, isLive, registeredBy, ...before } = byHand
  if (isLive && before.transport !== ownTransport)
    return `The executor "${instance}" of the app "${app.code}" was registered by hand, by ${registeredBy}, and is in service. Give this process an instance name of its own, or remove that executor first.`
  await recordTakeOver(tx, tenantId, id, name)
  await insertAudit(tx, {
    ...{ tenantId, principal: name, address, requestId, operation: 'executor.takeOver', objectKind: 'executor' },
    objectId: String(id),
    before: { app: app.code, instance, registeredBy, mode: 'PUSH', address: before.address, healthUrl: before.healthUrl },
    after: { app: app.code, instance, registeredBy: null, ...said },
  })
  return null
}

/** What could never be called is said at once, not by work that never arrives. */
function refuseAddresses({ address, healthUrl }: Pick<Register, 'address' | 'healthUrl'>): void {
  const problems = Object.entries({ address, healthUrl }).flatMap(([name, url]) => {
    if (url === undefined) return []
    const message = (name === 'address' ? baseAddressProblem(url) : webAddressProblem(url)) ?? forbiddenHostProblem(url)
    return message === null ? [] : [{ path: `/body/${name}`, message }]
  })
  if (problems.length > 0)
    throw new CarillonError('VALIDATION_FAILED', `${problems[0]!.path.slice(6)} ${problems[0]!.message}.`, { problems })
}

async function appOf(tx: Transaction, principal: ExecutorPrincipal, code: string) {
  const app = await selectAppByCode(tx, principal.tenantId, code)
  if (!app) throw new CarillonError('NOT_FOUND', `There is no app "${code}". Create it first, or correct the executor's app.`)
  if (principal.appId !== null && principal.appId !== app.id)
    throw new CarillonError('FORBIDDEN', `This token is bound to another app than "${code}".`)
  return app
}

/** Leaves: what the session still holds is found by `reapLost` and goes to others. */
export function deregister(engine: Engine, principal: ExecutorPrincipal, session: number): Promise<void> {
  return engine.db.lease(async (tx) => {
    await openSessionOf(tx, principal, session)
    await leaveSession(tx, principal.tenantId, session)
  })
}

/** The session, open or ended, if it is one of the principal's. One of another tenant or app answers as if it had ended. */
export async function ownSession(tx: Transaction, principal: ExecutorPrincipal, session: number): Promise<SessionRow> {
  const row = await selectSession(tx, principal.tenantId, session)
  if (!row || (principal.appId !== null && row.appId !== principal.appId)) throw sessionEnded(session)
  return row
}

async function openSessionOf(tx: Transaction, principal: ExecutorPrincipal, session: number): Promise<SessionRow> {
  const row = await ownSession(tx, principal, session)
  if (row.ended) throw sessionEnded(session)
  return row
}

export function sessionEnded(session: number): CarillonError {
  return new CarillonError('SESSION_ENDED', `Session ${session} has ended. Register again.`)
}
