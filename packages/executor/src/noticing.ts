import type { Connection } from './connection.ts'
import type { ExecutorLog } from './executor-log.ts'
import { meaningOf, messageOf } from './failed-call.ts'

/** A connection that says once when the server stops answering, or does not let it in any more, and once when it answers again. */
export function noticing(connection: Connection, log: ExecutorLog): Connection {
  let away = false
  const answered = () => {
    if (away) log.info('The server answers again')
    away = false
  }
  const failed = (error: unknown) => {
    const meaning = meaningOf(error)
    if (away || meaning === 'SESSION_ENDED' || meaning === 'REFUSED') return
    away = true
    log.warn(`${messageOf(error)}. Running handlers go on; what is to be said is repeated until it is answered`)
  }
  const watch = <A>(call: Promise<A>, unless?: AbortSignal): Promise<A> => {
    call.then(answered, (error: unknown) => {
      if (unless?.aborted !== true) failed(error)
    })
    return call
  }
  return {
    register: (body) => connection.register(body),
    heartbeat: (body) => watch(connection.heartbeat(body)),
    claim: (body, signal) => watch(connection.claim(body, signal), signal),
    report: (body) => watch(connection.report(body)),
    logs: (body) => watch(connection.logs(body)),
    deregister: (body) => connection.deregister(body),
    close: async () => connection.close?.(),
  }
}
