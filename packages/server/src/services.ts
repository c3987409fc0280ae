import type { Config } from './config.ts'
import type { Engine } from './lifecycle/engine.ts'
import type { Keeper } from './gateway/xxl-job/look-after.ts'
import { newWaitWatch, noteWaits } from './definition/note-waits.ts'
import { consumeScheduleWakes, rearmForgottenDelays } from './lifecycle/consume-wakes.ts'
import { endGoneShards } from './lifecycle/gone-shards.ts'
import type { Egress } from './lifecycle/egress.ts'
import type { HealthChecks } from './lifecycle/check-health.ts'
import { cancelPush, dispatchPush, type PushDispatch } from './lifecycle/dispatch.ts'
import { fireSchedules, type FiringDeps } from './lifecycle/fire-schedules.ts'
import { housekeep } from './lifecycle/housekeep.ts'
import { createPlacing, placeInstances, takeBackPlaced } from './lifecycle/place-instances.ts'
import { promoteDue, reapLost, timeOut } from './lifecycle/overdue.ts'
import { newSweep, reconcileRuns } from './lifecycle/reconcile-runs.ts'
import { rollUpFigures } from './lifecycle/tally-outcomes.ts'
import { continueRuns } from './lifecycle/continue-runs.ts'
import { endDueNodes, timeOutRuns } from './lifecycle/wait-nodes.ts'
import { workOffBackfills } from './lifecycle/work-off-backfills.ts'
import type { ClockGuard } from './runtime/clock-guard.ts'
import { startLoop, type Loop, type Step } from './runtime/loop.ts'
import { checkTopic, continueTopic, dispatchTopic, queueTopic } from './runtime/wake-hub.ts'
import { selectQueuesWaiting } from './storage/instance.ts'
import { lead } from './storage/leader.ts'
import { beatNode, type NodeState } from './storage/server-node.ts'

export interface ServicesDeps {
  readonly engine: Engine
  readonly firing: FiringDeps
  readonly egress: Egress
  readonly push: PushDispatch
  readonly health: HealthChecks
  readonly xxlJob: Keeper
  readonly clock: ClockGuard
  readonly config: Config
  readonly node: { readonly id: string; readonly name: string; readonly version: string; address(): string | null }
}

export interface Services {
  wakeFiring(): void
  wakeBackfill(): void
  /** What this node does at present: RUNNING, STOPPED (does not fire), DRAINING (neither fires nor dispatches). */
  state(): NodeState
  /** Ends all loops, each after its present step. */
  stop(): Promise<void>
}

/**
 * Every moving part of a server node, on one page: what it does, and how long it rests. Any of them may run on any number of nodes at
 * once; `housekeep` has one elected node, to save work. A rest ends early when there is a hint; without hints nothing is lost but time.
 */
export function startServices(deps: ServicesDeps): Services {
  const { engine, firing, push, health, clock, config } = deps
  const { loops } = config
  let state: NodeState = 'RUNNING'
  /** Sessions with something to stop, for push executors to hear of before their next heartbeat. */
  const stops = new Set<number>()
  const sweep = newSweep()
  const placing = createPlacing()
  const watch = newWaitWatch()
  let watchesUntil = -Infinity

  const onError = (loop: string, error: unknown) => engine.report('loop.failed', { loop, error })
  const whileFiring =
    (step: Step): Step =>
    async () =>
      state === 'RUNNING' ? step() : IDLE_MS
  const whileDispatching =
    (step: Step): Step =>
    async () =>
      state === 'DRAINING' ? IDLE_MS : step()

  const parts: Record<string, Step> = {
    beat: async () => {
      state = await beat(deps)
      return config.nodeHeartbeatMs
    },
    fire: whileFiring(() => fireSchedules(firing, loops.fire.restMs)),
    scheduleWakes: whileFiring(() => consumeScheduleWakes(firing, loops.scheduleWakes.restMs)),
    backfill: whileFiring(() => workOffBackfills(firing, loops.backfill.restMs)),
    continueRuns: whileDispatching(() => continueRuns(engine, loops.continueRuns.restMs)),
    promote: async () =>
      Math.min(await promoteDue(engine, loops.promote.restMs), await endDueNodes(engine, loops.promote.restMs)),
    dispatch: whileDispatching(() => dispatchPush(engine, push, loops.dispatch.restMs)),
    place: whileDispatching(() => placeInstances(engine, placing, loops.dispatch.restMs)),
    takeBack: whileDispatching(() => takeBackPlaced(engine, loops.reap.restMs)),
    stops: async () => {
      for (const session of stops) {
        stops.delete(session)
        await cancelPush(engine, push, session)
      }
      return loops.dispatch.restMs
    },
    egress: () => deps.egress.refresh(),
    checkHealth: () => health.step(loops.checkHealth.restMs),
    timeOut: async () => Math.min(await timeOut(engine, loops.timeOut.restMs), await timeOutRuns(engine, loops.timeOut.restMs)),
    xxlJob: () => deps.xxlJob.step(),
    reap: () => reapLost(engine, clock.isCalm(), loops.reap.restMs),
    goneShards: () => endGoneShards(engine, clock.isCalm(), loops.reap.restMs),
    wake: async () => {
      await wakeWaiting(engine)
      return loops.wake.restMs
    },
    reconcile: async () => {
      await reconcileRuns(engine, sweep)
      await rearmForgottenDelays(firing)
      return loops.reconcile.restMs
    },
    openDays: async () => {
      await firing.days.openAhead()
      return HOUR_MS
    },
    figures: () => rollUpFigures(engine),
    forgetQueues: async () => {
      await engine.db.engine((tx) => engine.queues.prune(tx))
      return HOUR_MS
    },
    noteWaits: async () => {
      // Written down only so often: it is done every second.
      if (performance.now() >= watchesUntil) {
        const begun = performance.now()
        const mine = await engine.db.engine((tx) => lead(tx, 'waits', deps.node.id, WATCH_LEASE_MS))
        if (mine === null) return WATCH_LEASE_MS / 2
        watchesUntil = begun + WATCH_LEASE_MS / 2
      }
      return noteWaits(engine, watch, loops.wake.restMs)
    },
    housekeep: async () => {
      const mine = await engine.db.engine((tx) => lead(tx, 'housekeeping', deps.node.id, 2 * loops.prune.restMs))
      if (mine !== null && clock.isCalm()) await housekeep(engine, firing.days, config.retention)
      return loops.prune.restMs
    },
  }

  const running: Record<string, Loop> = {}
  for (const [name, step] of Object.entries(parts)) running[name] = startLoop(name, step, onError)

  const unhear = engine.hub.onWake((topic) => {
    if (topic === continueTopic) running.continueRuns?.wake()
    if (topic === checkTopic) running.checkHealth?.wake()
    if (topic === dispatchTopic) running.dispatch?.wake()
    if (topic.startsWith('q') && isRouted(engine, topic)) {
      placing.heard.add(Number(topic.slice(1)))
      running.place?.wake()
    }
    if (push.apps === 0) return
    if (topic.startsWith('q')) running.dispatch?.wake()
    if (topic.startsWith('s')) stops.add(Number(topic.slice(1)))
    if (topic.startsWith('s')) running.stops?.wake()
  })

  return {
    wakeFiring: () => running.fire?.wake(),
    wakeBackfill: () => running.backfill?.wake(),
    state: () => state,
    stop: async () => {
      unhear()
      await Promise.all(Object.values(running).map((loop) => loop.stop()))
      await health.stop()
    },
  }
}

/** What comes into such a queue is placed with an executor first. */
const isRouted = ({ queues }: Engine, topic: string) => (queues.get(Number(topic.slice(1)))?.routeKey ?? null) !== null

const IDLE_MS = 500
const WATCH_LEASE_MS = 10_000
const HOUR_MS = 3_600_000

/** Says that this node lives, hears what is wanted of it, and checks the database's clock against its own. */
async function beat({ engine, clock, node }: ServicesDeps): Promise<NodeState> {
  const heard = await engine.db.lease((tx) => beatNode(tx, { ...node, address: node.address(), first: false }))
  clock.observe(heard.now)
  return strictest(heard.state, heard.wantedOfAll)
}

const STRICTNESS: readonly NodeState[] = ['RUNNING', 'STOPPED', 'DRAINING']

function strictest(a: NodeState, b: NodeState): NodeState {
  return STRICTNESS.indexOf(a) > STRICTNESS.indexOf(b) ? a : b
}

/**
 * The poll behind every hint: looks for work in the queues that someone waits for, and for queues that are new. One small query for all
 * waiting executors of this node.
 */
async function wakeWaiting(engine: Engine): Promise<void> {
  await engine.db.engine((tx) => engine.queues.refresh(tx))
  const waiting = engine.hub.topics().flatMap((topic) => (topic.startsWith('q') ? [Number(topic.slice(1))] : []))
  if (waiting.length > 0) {
    for (const queueId of await engine.db.look((tx) => selectQueuesWaiting(tx, waiting)))
      engine.hub.wakeLocally(queueTopic(queueId))
  }
}
