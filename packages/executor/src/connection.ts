import type {
  Claim,
  ClaimAnswer,
  Heartbeat,
  HeartbeatAnswer,
  Logs,
  LogsAnswer,
  OpenCallback,
  OpenedCallback,
  Register,
  Registered,
  Report,
  ReportAnswer,
} from '@carillon/contract'

/**
 * How an executor talks to the server: the calls of the executor protocol. Over HTTP for executors in processes of their own; the server's
 * built-in executor passes an implementation that calls the server's functions directly.
 *
 * A call that fails throws a CarillonError with the protocol's code. Anything else thrown counts as "the server is away": it is repeated.
 */
export interface Connection {
  register(body: Register): Promise<Registered>
  heartbeat(body: Heartbeat): Promise<HeartbeatAnswer>
  /** Ends early, rejecting, when `signal` is aborted; the claim is then repeated under the same `seq`. */
  claim(body: Claim, signal: AbortSignal): Promise<ClaimAnswer>
  report(body: Report): Promise<ReportAnswer>
  logs(body: Logs): Promise<LogsAnswer>
  /** Left out: this way to the server gives none. */
  callback?(body: OpenCallback): Promise<OpenedCallback>
  deregister(body: { readonly session: number }): Promise<unknown>
  /** Lets go of sockets. Nothing is called afterwards. */
  close?(): Promise<void>
}
