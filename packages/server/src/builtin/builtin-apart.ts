import { createExecutor, hearEgress, httpConnection, type Egress, type Executor, type ExecutorLog } from '@carillon/executor'
import { privateTargetsOf, type EgressRules } from '../lifecycle/private-targets.ts'
import { BUILTIN_APP, builtinHandlers } from './builtin-executor.ts'
import { HttpFailure } from './http-failure.ts'
import type { HttpHandlerOptions } from './http-handler.ts'

export interface BuiltinApartOptions {
  readonly server: string
  /** Of an executor of the app `builtin`, in the platform's tenant. */
  readonly token: string
  readonly instance?: string
  /** Instances it runs at once, of all tenants. Default 64. */
  readonly capacity?: number
  readonly log: ExecutorLog
}

const CAPACITY = 64

/**
 * The executor that ships with the product in a process of its own, without a database: it runs `http`, `log` and `delay` of every tenant. Where
 * their work may go it hears from the server with each claim, so the rules stand in one place.
 */
export function createBuiltinApart({ server, token, instance, capacity = CAPACITY, log }: BuiltinApartOptions): Executor {
  const { connection, egressOf } = hearEgress(httpConnection({ server, token }))
  const openCallback: HttpHandlerOptions['openCallback'] = async ({ tenant, instance, token }, waitMs) => {
    const { session } = executor.stats
    if (session === null) return null
    const { state, url } = await connection.callback({
      session,
      tenant,
      instance,
      token,
      ...(waitMs !== undefined && { waitMs }),
    })
    if (state === 'NO_ADDRESS')
      throw new HttpFailure(
        'HTTP_NO_CALLBACK',
        'The task asks for a callback, but the server does not know where it can be reached: set its publicUrl',
      )
    return url
  }
  const executor = createExecutor({
    ...{
      connection,
      app: BUILTIN_APP.code,
      capacity,
      log,
      handlers: builtinHandlers({ egressOf: (tenant) => rulesOf(egressOf(tenant)), openCallback }),
    },
    ...(instance !== undefined && { instance }),
  })
  return executor
}

/** As the guard reads them. */
function rulesOf({ allowPrivate, privateTargets }: Egress): EgressRules {
  return allowPrivate ? { allowPrivate } : { allowPrivate, targets: privateTargetsOf(privateTargets) }
}
