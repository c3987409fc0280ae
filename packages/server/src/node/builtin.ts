import type { Executor } from '@carillon/executor'
import type { Logger } from 'pino'
import { createBuiltinExecutor, type BuiltinExecutorOptions } from '../builtin/builtin-executor.ts'
import { allowsPrivateEgress, publicUrlOf, type Config } from '../config.ts'
import { openCallback } from '../lifecycle/callbacks.ts'
import type { Engine } from '../lifecycle/engine.ts'
import type { ExecutorTraffic } from '../lifecycle/executor-traffic.ts'
import type { Base } from './base.ts'

/** The executor of this node itself, which does the work of the built-in kinds. */
export function builtinExecutor(
  { engine, nodeId }: Base,
  traffic: ExecutorTraffic,
  { config, address, log }: { readonly config: Config; readonly address: string; readonly log: Logger },
): Executor {
  const openTo = publicUrlOf(config, address)
  return createBuiltinExecutor({
    traffic,
    resultBytes: config.limits.resultBytes,
    capacity: config.builtinCapacity,
    allowPrivate: () => allowsPrivateEgress(config),
    ...(openTo !== null && { openCallback: callbackOpener(engine, openTo) }),
    nodeName: nodeId,
    log,
  })
}

/** `base`: of the addresses that are given out. */
function callbackOpener(engine: Engine, base: string): NonNullable<BuiltinExecutorOptions['openCallback']> {
  return async ({ tenant, instance, token }, waitMs) => {
    const key = await openCallback(engine, { tenantId: tenant, id: instance, token }, waitMs)
    return key === null ? null : `${base}/callback/v1/${key}`
  }
}
