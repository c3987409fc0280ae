import { guardedConnect } from '../builtin/egress-guard.ts'
import { allowsPrivateEgress, type Config } from '../config.ts'
import { createXxlJobClient } from '../gateway/xxl-job/client.ts'
import { createKeeper, type Keeper } from '../gateway/xxl-job/look-after.ts'
import { createBeatProbe } from '../gateway/xxl-job/probe.ts'
import { createXxlJobTransport, type GatewayDeps } from '../gateway/xxl-job/transport.ts'
import { createCallTroubles } from '../lifecycle/call-troubles.ts'
import { createHealthChecks, type HealthChecks, type Probe } from '../lifecycle/check-health.ts'
import { createPushDispatch, markUnreachable, type PushDispatch, type PushTransport } from '../lifecycle/dispatch.ts'
import type { Engine } from '../lifecycle/engine.ts'
import { createExecutorTraffic, type ExecutorTraffic } from '../lifecycle/executor-traffic.ts'
import type { ExecutorTransport } from '../storage/executor-session.ts'
import { createProbe } from '../transport/probe.ts'
import { createPushTransport, LONGEST_CALL_MS, type PushOptions } from '../transport/push.ts'
import type { Base } from './base.ts'

/** How a node and its executors reach each other. */
export interface ExecutorLines {
  /** What executors say, and are given when they ask. */
  readonly traffic: ExecutorTraffic
  /** Calls those that are called. */
  readonly push: PushDispatch
  readonly health: HealthChecks
  readonly xxlJob: GatewayDeps
  readonly keeper: Keeper
  close(): Promise<void>
}

export interface ExecutorLinesOptions {
  readonly config: Config
  /** Whether this node gives work. */
  readonly mayGive: () => boolean
  /** Aborted when this node leaves: nobody is kept waiting for work any more. */
  readonly leaving: AbortSignal
}

export function openExecutorLines({ engine, vault, nodeId }: Base, options: ExecutorLinesOptions): ExecutorLines {
  const { config } = options
  const traffic = createExecutorTraffic(engine, options.mayGive, options.leaving)
  const connect = guardedConnect({ allowPrivate: allowsPrivateEgress(config) })
  const calls = { unreachable: (session: number) => markUnreachable(push, session), tell: createCallTroubles(engine) }
  const carillon = carillonTransport(engine, traffic, { connect, ...calls })
  const xxlJob: GatewayDeps = { engine, vault, client: createXxlJobClient({ connect }), ...calls }
  const keeper = createKeeper(xxlJob)
  const push = createPushDispatch(transportOf({ CARILLON: carillon, XXL_JOB: createXxlJobTransport(xxlJob) }))
  return {
    traffic,
    push,
    health: createHealthChecks(
      engine,
      nodeId,
      probeOf({ CARILLON: createProbe({ connect }), XXL_JOB: createBeatProbe(xxlJob) }),
      config.health,
    ),
    xxlJob,
    keeper,
    async close() {
      await carillon.close()
      await xxlJob.client.close()
      await keeper.settle()
    },
  }
}

/** Each executor is called in the protocol that it speaks. */
function transportOf(transports: Readonly<Record<ExecutorTransport, PushTransport>>): PushTransport {
  return {
    invoke: (target, assignments) => transports[target.transport].invoke(target, assignments),
    cancel: (target, stop) => transports[target.transport].cancel(target, stop),
  }
}

/** And asked how it is in that, too. */
function probeOf(probes: Readonly<Record<ExecutorTransport, Probe>>): Probe {
  return (url, signal, executor) => probes[executor.transport](url, signal, executor)
}

/** Carries assignments to executors that are called; what cannot be delivered is handed back at once. */
function carillonTransport(
  engine: Engine,
  traffic: ExecutorTraffic,
  calls: Pick<PushOptions, 'connect' | 'unreachable' | 'tell'>,
) {
  return createPushTransport({
    release: ({ tenantId, session }, assignments) => {
      if (assignments.length === 0) return
      const items = assignments.map(({ instance, token, tenant }) => ({ kind: 'RELEASE' as const, instance, token, tenant }))
      traffic
        .report({ tenantId, appId: null }, { session, items })
        .catch((error: unknown) => engine.report('push.releaseFailed', { error }))
    },
    ...calls,
    report: (event, details) => engine.report(event, details),
    longestCallMs: Math.min(LONGEST_CALL_MS, engine.settings.leaseMs / 2),
  })
}
