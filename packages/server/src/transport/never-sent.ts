import { buildConnector } from 'undici'

const beforeConnection = new WeakSet<object>()

/**
 * Remembers the errors with which a connection did not come about, whatever they are called: refused, no such host, a certificate that does
 * not hold, the egress rules. Default: dials any address, for five seconds.
 */
export function noticingConnect(dial: buildConnector.connector = buildConnector({ timeout: 5_000 })): buildConnector.connector {
  return (options, callback) =>
    dial(options, (...answer) => {
      if (answer[0] !== null) beforeConnection.add(answer[0])
      callback(...answer)
    })
}

/** The request never left: nobody can have started anything. Whatever else goes wrong is uncertain and left to the deadline. */
export const isNeverSent = (error: unknown): boolean => typeof error === 'object' && error !== null && beforeConnection.has(error)
