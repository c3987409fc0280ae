import { guardedConnect } from '../builtin/egress-guard.ts'
import { privateEgressOf, type Config } from '../config.ts'
import { createXxlJobClient } from '../gateway/xxl-job/client.ts'
import { createKeeper, type Keeper } from '../gateway/xxl-job/look-after.ts'
import { createBeatProbe } from '../gateway/xxl-job/probe.ts'
import { createXxlJobTransport, type GatewayDeps } from '../gateway/xxl-job/transport.ts'
import { createCallTroubles } from '../lifecycle/call-troubles.ts'
import { createHealthChecks, type HealthChecks, type Probe } from '../lifecycle/check-health.ts'
import { createPushDispatch, markUnreachable, type PushDispatch, type PushTransport } from '../lifecycle/dispatch.ts'
import { createEgress, givingWhereHeard, type Egress } from '../lifecycle/egress.ts'
import type { Engine } from '../lifecycle/engine.ts'
import { createExecutorTraffic, type ExecutorTraffic } from '../lifecycle/executor-traffic.ts'
import type { EgressRules } from '../lifecycle/private-targets.ts'
import type { ExecutorTransport } from '../storage/executor-session.ts'
import type { ConnectOf } from '../transport/pools.ts'
import { createProbe } from '../transport/probe.ts'
import { createPushTransport, LONGEST_CALL_MS, type PushOptions } from '../transport/push.ts'
import type { Base } from './base.ts'

/** How a node and its executors reach each other. */
export interface ExecutorLines {
  /** What executors say, and are given when they ask. */
  readonly traffic: ExecutorTraffic
  /** Where tenants' work, and the calls of their executors, may go. */
  readonly egress: Egress
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
  const egress = createEgress(engine.db, privateEgressOf(config))
  const traffic = givingWhereHeard(createExecutorTraffic(engine, options.mayGive, options.leaving), egress)
  const connectOf = guardOf(egress)
  const calls = { unreachable: (session: number) => markUnreachable(push, session), tell: createCallTroubles(engine) }
  const carillon = carillonTransport(engine, traffic, { connectOf, ...calls })
  const xxlJob: GatewayDeps = { engine, vault, client: createXxlJobClient({ connectOf }), ...calls }
  const keeper = createKeeper(xxlJob)
  const push = createPushDispatch(transportOf({ CARILLON: carillon, XXL_JOB: createXxlJobTransport(xxlJob) }))
  return {
    traffic,
    egress,
    push,
    health: createHealthChecks(
      engine,
      nodeId,
      probeOf({ CARILLON: createProbe({ connectOf }), XXL_JOB: createBeatProbe(xxlJob) }),
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

/** An address is judged by the rules of the tenant that has set it. */
function guardOf(egress: Egress): ConnectOf {
  const guards = new WeakMap<EgressRules, ReturnType<ConnectOf>>()
  return (tenantId) => {
    const rules = egress.of(tenantId)
    const known = guards.get(rules)
    if (known) return known
    const guard = guardedConnect(rules)
    guards.set(rules, guard)
    return guard
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
  calls: Pick<PushOptions, 'connectOf' | 'unreachable' | 'tell'>,
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
