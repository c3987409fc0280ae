import type { Engine } from '../../lifecycle/engine.ts'
import { takeOverByHand, type ExecutorPrincipal } from '../../lifecycle/sessions.ts'
import { XXL_JOB } from '../../definition/kinds/xxl-job.ts'
import { placeOfToken, XXL_CAPACITY } from '../../definition/xxl-executor.ts'
import type { Transaction } from '../../storage/database.ts'
import {
  endSessionOfName,
  leaveSession,
  openSession,
  registerExecutor,
  renewSessions,
  selectAppByCode,
} from '../../storage/executor-session.ts'
import { selectHeld } from '../../storage/instance.ts'
import {
  beatXxlSession,
  findOpenXxlSession,
  retireXxlSession,
  saveXxlSession,
  type XxlRegistration,
} from '../../storage/xxl-job-session.ts'
import { dispatchTopic } from '../../runtime/wake-hub.ts'
import { calleesOf } from './callee.ts'
import type { Registration } from './inbound.ts'
import type { Dialect } from './outbound.ts'
import type { GatewayDeps } from './transport.ts'

/** Executors beat every 10 to 30 seconds; after three missed beats the reference drops them too. */
export const LEASE_MS = 90_000

/** What an executor that has left may still take to call back about what it runs. */
const LEFT_MS = 30_000

/** Who registers: for whom its token speaks, and that token. */
export interface Caller extends ExecutorPrincipal {
  readonly tokenId: number
  readonly token: string
  readonly dialect: Dialect
}

/** Null: done. A text says what is wrong. */
export type Refusal = string | null

/**
 * A registration is a heartbeat too. It is applied at once: who is new gets work from now on, who is known gets its lease renewed. One that
 * restarted under its address looks the same as one that went on, so its session goes on; what it no longer runs is found by asking.
 */
export async function registerXxlExecutor(deps: GatewayDeps, caller: Caller, registration: Registration): Promise<Refusal> {
  const { engine } = deps
  const app = await appOf(engine, caller, registration.app)
  if (typeof app === 'string') return app
  const { tenantId, tokenId, dialect } = caller
  const known = { tenantId, appId: app.id, instance: registration.address, tokenId, dialect }
  if (await engine.db.lease((tx) => beatXxlSession(tx, known, LEASE_MS))) return null
  const opened = await engine.db.lease((tx) => takeIn(tx, deps, caller, registration.app, known))
  if (typeof opened === 'string') return opened
  if (opened !== null) void greet(deps, opened).catch((error: unknown) => engine.report('xxlJob.failed', { error }))
  return null
}

async function appOf(engine: Engine, { tenantId, appId }: ExecutorPrincipal, code: string): Promise<{ id: number } | string> {
  const app = await engine.db.lease((tx) => selectAppByCode(tx, tenantId, code))
  if (!app) return `There is no app "${code}". Create it first, or correct the executor's app name.`
  return appId === null || appId === app.id ? app : `This token is bound to another app than "${code}".`
}

/** Answers the session that was opened; null where one went on; a text where the name is somebody else's. */
async function takeIn(tx: Transaction, { engine, vault }: GatewayDeps, caller: Caller, code: string, known: XxlRegistration) {
  const { tenantId, appId, instance, tokenId, dialect } = known
  const said = { mode: 'PUSH', address: instance, healthUrl: null } as const
  const taken = await takeOverByHand(tx, caller, { id: appId, code }, instance, said, 'XXL_JOB')
  if (taken !== null) return taken
  const found = await findOpenXxlSession(tx, tenantId, appId, instance)
  // Its lease may run out at this very moment: what has ended is not renewed, and does not go on.
  const [renewed] = found ? await renewSessions(tx, [{ tenantId, session: found.id }], LEASE_MS) : []
  const open = renewed && found
  // One of our own protocol under the same name makes way.
  if (!open) await endSessionOfName(tx, tenantId, appId, instance)
  const metadata = { protocol: 'xxl-job', dialect: dialect === 'C' ? '3.5 and later' : 'up to 3.4' }
  const executor = { ...{ tenantId, appId, instance, metadata }, mode: 'PUSH', address: instance, labels: {} } as const
  const executorId = await registerExecutor(tx, {
    ...executor,
    handlers: [XXL_JOB],
    capacity: XXL_CAPACITY,
    healthUrl: null,
    healthEveryMs: null,
    perCall: null,
  })
  const id =
    open?.id ??
    (await openSession(tx, { tenantId, executorId, appId, capacity: XXL_CAPACITY, leaseMs: LEASE_MS, callToken: null }))
  const sealed = await vault.seal(tx, placeOfToken(tenantId, executorId), caller.token)
  await saveXxlSession(tx, { tenantId, id, executorId, dialect, tokenId, ...sealed })
  await engine.queues.refresh(tx)
  if (!open) tx.afterCommit(() => engine.hub.wake(dispatchTopic))
  return open ? null : id
}

/** Says so at once where an executor cannot be called at the address that it registered: it would only be seen when work fails. */
async function greet({ engine, vault, client, unreachable, tell }: GatewayDeps, session: number): Promise<void> {
  const report = (problem: string) => engine.report('xxlJob.unreachable', { session, problem })
  const callee = await engine.db.lease(async (tx) =>
    (await calleesOf(tx, vault, [session], (_, message) => report(message))).get(session),
  )
  if (!callee) return
  const called = await client.beat(callee)
  if (called.kind === 'OK') return
  if (called.kind !== 'REFUSED') unreachable(session)
  tell(callee, `${called.kind === 'REFUSED' ? 'It refused its first beat: ' : ''}${called.message}`)
  report(`${callee.address} did not answer its first beat: ${called.message}`)
}

/** It leaves: nothing new is sent. What it still runs has a while to be called back about, unless there is nothing. */
export async function removeXxlExecutor(engine: Engine, caller: ExecutorPrincipal, registration: Registration): Promise<Refusal> {
  const app = await appOf(engine, caller, registration.app)
  if (typeof app === 'string') return app
  await engine.db.lease(async (tx) => {
    const open = await findOpenXxlSession(tx, caller.tenantId, app.id, registration.address)
    if (!open) return
    const isBusy = (await selectHeld(tx, [open.id])).length > 0
    if (isBusy) await retireXxlSession(tx, caller.tenantId, open.id, LEFT_MS)
    else await leaveSession(tx, caller.tenantId, open.id)
  })
  return null
}
