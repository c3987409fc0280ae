import { setTimeout as sleep } from 'node:timers/promises'
import type { Assignment, ReportItem } from '@carillon/contract'
import { createRedactor } from '@carillon/executor'
import type { Plan, PlanNode } from '@carillon/core'
import type { PushTarget, PushTransport } from '../../lifecycle/dispatch.ts'
import type { TellTrouble } from '../../lifecycle/call-troubles.ts'
import type { Engine } from '../../lifecycle/engine.ts'
import { applyReports } from '../../lifecycle/report.ts'
import { createCoalescer } from '../../runtime/coalescer.ts'
import { isolate } from '../../runtime/isolate.ts'
import type { Transaction } from '../../storage/database.ts'
import {
  avoidXxlExecutor,
  markXxlNotTaken,
  markXxlSent,
  numberXxlTasks,
  openXxlAttempts,
  selectReservedUnder,
  selectXxlRefusals,
  type OpenedAttempt,
  type ReservedInstance,
} from '../../storage/xxl-job-attempt.ts'
import { learnXxlDialect } from '../../storage/xxl-job-session.ts'
import { TenantMap } from '../../storage/tenant-map.ts'
import type { Vault } from '../../vault/vault.ts'
import { calleesOf, type SessionCallee } from './callee.ts'
import type { Called, XxlJobClient } from './client.ts'
import { killStopped } from './kill.ts'
import type { Dialect } from './outbound.ts'

/** What the outbound side of the gateway needs. */
export interface GatewayDeps {
  readonly engine: Engine
  readonly vault: Vault
  readonly client: XxlJobClient
  /** It could not be reached: for a while others are better. */
  unreachable(session: number): void
  /** What became of a call, for people to see. */
  readonly tell: TellTrouble
}

/** After so long a node looks after an attempt whose sender has not said what became of it: longer than a call can take. */
const FIRST_LOOK_MS = 20_000

/** How long an executor that refused is passed over for what it refused. */
const AVOID_MS = 10_000

/** A kill takes a moment; what waits for its end is handed back after that. */
const KILL_PAUSE_MS = 250

/** How often it is tried, at most, to have one attempt taken. */
const MOST_REFUSALS = 10

/** After the first refusal of an executor that is busy with the task; each further one waits longer, some half a minute in all. */
const BUSY_PAUSE_MS = 250

/**
 * Gives assignments to executors of xxl-job. The attempt is written down and committed before it is sent, because its callback may come before
 * the answer; what was sent and not answered is never sent again.
 */
export function createXxlJobTransport(deps: GatewayDeps): PushTransport {
  const { engine, client } = deps
  const starts = createCoalescer((items: readonly Given[]) => recordStarts(engine, items), { mostItems: 500, lanes: 2 })

  const give = async (given: Given, assignment: Assignment) => {
    const answer = await client.run(given.callee, { ...assignment, ...given.attempt, jobId: given.jobId })
    // It may repeat what it was given.
    const masked = answer.kind === 'OK' ? undefined : createRedactor(assignment.secrets)?.text(answer.message)
    const called = masked === undefined ? answer : ({ ...answer, message: masked } as typeof answer)
    const { session } = given.callee
    if (answer.spoke) learn(deps, given.callee, answer.spoke)
    if (called.kind !== 'OK')
      engine.report('xxlJob.notTaken', { session, kind: called.kind, logId: given.attempt.logId, message: called.message })
    // Hanging or gone: what comes next had better go elsewhere. A refusal says something about the task, not about its executor.
    if (called.kind === 'NEVER_SENT' || called.kind === 'UNKNOWN') deps.unreachable(session)
    const trouble = troubleOf(called)
    if (trouble !== undefined) deps.tell(given.callee, trouble)
    if (called.kind === 'OK' || called.kind === 'UNKNOWN') await starts.add([given])
    else if (called.kind === 'NEVER_SENT') await engine.db.lease((tx) => handBack(tx, engine, given, 'OVER'))
    else await afterRefusal(deps, given, called.message)
  }

  const invoke = async (target: PushTarget, assignments: readonly Assignment[]) => {
    const { given, later, stopped } = await engine.db.lease((tx) => openAttempts(tx, deps, target, assignments))
    const release = async (left: readonly Assignment[]) => {
      if (left.length > 0)
        await engine.db.lease((tx) =>
          applyReports(
            tx,
            engine,
            left.map((each) => releaseOf(target, each)),
          ),
        )
    }
    await Promise.all([
      ...given.map(({ assignment, ...each }) => give(each, assignment).catch(failed(engine, target.session))),
      release(stopped),
      later.length === 0 || sleep(KILL_PAUSE_MS).then(() => release(later)),
    ])
  }

  return {
    invoke: (target, assignments) => void invoke(target, assignments).catch(failed(engine, target.session)),
    cancel: ({ session }) => void killStopped(deps, session).catch(failed(engine, session)),
  }
}

/** Not waited for: until it is written down, the other word is tried each time. */
function learn({ engine }: GatewayDeps, { tenantId, session }: SessionCallee, dialect: Dialect): void {
  engine.db.aside((tx) => learnXxlDialect(tx, tenantId, session, dialect)).catch(failed(engine, session))
}

/** What its answer says of the calls to come; undefined: nothing. */
function troubleOf(called: Called): string | null | undefined {
  if (called.kind === 'OK') return null
  if (called.kind !== 'REFUSED') return called.message
  return /access.?token/i.test(called.message) ? `It refuses the token that it has registered with: ${called.message}` : undefined
}

/** What was not written down is found by its deadline, or by whoever looks after the attempt. */
const failed = (engine: Engine, session: number) => (error: unknown) => engine.report('xxlJob.failed', { session, error })

interface Given {
  readonly callee: SessionCallee
  readonly attempt: OpenedAttempt
  readonly jobId: number
}

interface Opened {
  readonly given: readonly (Given & { readonly assignment: Assignment })[]
  /** A kill is on its way that would hit them too, or the executor cannot be called by this node. */
  readonly later: readonly Assignment[]
  /** Asked to stop before they were sent. */
  readonly stopped: readonly Assignment[]
}

/** Writes down what will be sent. */
async function openAttempts(
  tx: Transaction,
  { engine, vault, ...deps }: GatewayDeps,
  target: PushTarget,
  assignments: readonly Assignment[],
): Promise<Opened> {
  const callee = (await calleesOf(tx, vault, [target.session], locked(engine, deps))).get(target.session)
  if (!callee) return { given: [], later: assignments, stopped: [] }
  const names = assignments.map(({ tenant, instance, token }) => ({ tenantId: tenant, id: instance, token }))
  const reserved = await selectReservedUnder(tx, target.session, names)
  const sendable = reserved.filter((instance) => !instance.stopped)
  const attempts = await numbered(tx, engine, sendable)
  const owner = { appTenantId: callee.tenantId, appId: callee.appId, session: target.session, executorId: callee.executorId }
  const opened = TenantMap.of(await openXxlAttempts(tx, owner, FIRST_LOOK_MS, attempts), (attempt) => attempt.id)
  const jobIds = TenantMap.of(attempts, (attempt) => attempt.id)
  const among = (instances: readonly ReservedInstance[]) => {
    const keys = TenantMap.of(instances, (instance) => instance.id)
    return assignments.filter(({ tenant, instance }) => keys.get(tenant, instance) !== undefined)
  }
  const given = among(sendable).flatMap((assignment) => {
    const attempt = opened.get(assignment.tenant, assignment.instance)
    return attempt ? [{ callee, assignment, attempt, jobId: jobIds.get(attempt.tenantId, attempt.id)!.jobId }] : []
  })
  return {
    given,
    later: among(sendable).filter(({ tenant, instance }) => opened.get(tenant, instance) === undefined),
    stopped: among(reserved.filter((instance) => instance.stopped)),
  }
}

/** With the numbers of their tasks. */
async function numbered(tx: Transaction, engine: Engine, instances: readonly ReservedInstance[]) {
  if (instances.length === 0) return []
  const planOf = await engine.plans.load(tx, instances)
  const tasks = instances.map((instance) => ({ tenantId: instance.tenantId, id: taskOf(planOf(instance), instance) }))
  const numbers = TenantMap.of(await numberXxlTasks(tx, tasks), (task) => task.id)
  return instances.map((instance, place) => ({ ...instance, jobId: numbers.get(instance.tenantId, tasks[place]!.id)!.jobId }))
}

/** A task run has the task as its target; of a DAG, and of a task that falls apart into shards, the node says which one it does. */
function taskOf(plan: Plan, { node }: ReservedInstance): number {
  const { control }: PlanNode = plan.nodes[node]!
  return control?.does.kind === 'TASK' ? control.does.taskId : plan.targetId
}

const locked =
  (engine: Engine, { unreachable }: Pick<GatewayDeps, 'unreachable'>) =>
  (session: number, message: string) => {
    unreachable(session)
    engine.report('xxlJob.locked', { session, message })
  }

const nameOf = ({ id, token, tenantId }: OpenedAttempt) => ({ tenant: tenantId, instance: id, token })
const reportOf = (tenantId: number, sessionId: number, item: ReportItem) => ({ tenantId, sessionId, item })

function releaseOf(target: PushTarget, { tenant, instance, token }: Assignment) {
  return reportOf(tenant, target.session, { kind: 'RELEASE', tenant, instance, token })
}

function recordStarts(engine: Engine, items: readonly Given[]): Promise<void[]> {
  const record = (batch: readonly Given[]) =>
    engine.db.lease(async (tx) => {
      const reports = batch.map(({ callee, attempt }) =>
        reportOf(attempt.tenantId, callee.session, { kind: 'STARTED', ...nameOf(attempt) }),
      )
      await applyReports(tx, engine, reports)
      for (const { attempt } of batch) markXxlSent(tx, attempt.logId)
      return batch.map(() => undefined)
    })
  return isolate(items, record, ({ callee }, error) => failed(engine, callee.session)(error))
}

/**
 * Refused: as long as another executor may take it, it goes there as the same attempt. Some refuse a task that they are still at; the npm client is,
 * until its callback about the last run has been answered. So where it says that it is busy, it is asked again a little later, a few times. Else
 * the attempt has failed, and the retry policy says what follows.
 */
async function afterRefusal({ engine, client }: GatewayDeps, given: Given, message: string): Promise<void> {
  const { callee, attempt, jobId } = given
  // Written down at once: while it pauses here nobody else must take it for sent, and the task, busy with another run, for this one.
  const { refusals, hasOther } = await engine.db.lease(async (tx) => {
    const found = await selectXxlRefusals(tx, attempt, callee.executorId)
    markXxlNotTaken(tx, attempt.logId, 'REFUSED')
    return found
  })
  const isLast = refusals + 1 >= MOST_REFUSALS
  if (!isLast && hasOther) return engine.db.lease((tx) => handBack(tx, engine, given, 'REFUSED'))
  if (!isLast && (await client.idleBeat(callee, jobId)).kind === 'REFUSED') {
    await sleep(BUSY_PAUSE_MS * 1.6 ** refusals)
    return engine.db.lease((tx) => handBack(tx, engine, given, 'REFUSED'))
  }
  const error = { code: 'XXL_JOB_REFUSED', message: message.slice(0, 10_000) }
  await engine.db.lease((tx) => endUntaken(tx, engine, given, { kind: 'FAILURE', ...nameOf(attempt), error }, 'REFUSED'))
}

async function handBack(tx: Transaction, engine: Engine, given: Given, state: 'REFUSED' | 'OVER'): Promise<void> {
  await endUntaken(tx, engine, given, { kind: 'RELEASE', ...nameOf(given.attempt) }, state)
  avoidXxlExecutor(tx, given.attempt, given.callee.executorId, AVOID_MS)
}

/** Instances are locked before attempts, everywhere. */
async function endUntaken(
  tx: Transaction,
  engine: Engine,
  { callee, attempt }: Given,
  item: ReportItem,
  state: 'REFUSED' | 'OVER',
): Promise<void> {
  await applyReports(tx, engine, [reportOf(attempt.tenantId, callee.session, item)])
  markXxlNotTaken(tx, attempt.logId, state)
}
