import type { Executor } from '@carillon/executor'
import type { Logger } from 'pino'
import { createBuiltinExecutor, type BuiltinExecutorOptions } from '../builtin/builtin-executor.ts'
import { publicUrlOf, type Config } from '../config.ts'
import { openCallback } from '../lifecycle/callbacks.ts'
import type { Engine } from '../lifecycle/engine.ts'
import type { Base } from './base.ts'
import type { ExecutorLines } from './executors.ts'

/** The executor of this node itself, which does the work of the built-in kinds. */
export function builtinExecutor(
  { engine, nodeId }: Base,
  { traffic, egress }: Pick<ExecutorLines, 'traffic' | 'egress'>,
  { config, address, log }: { readonly config: Config; readonly address: string; readonly log: Logger },
): Executor {
  const openTo = publicUrlOf(config, address)
  return createBuiltinExecutor({
    traffic,
    resultBytes: config.limits.resultBytes,
    capacity: config.builtinCapacity,
    egressOf: egress.of,
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
