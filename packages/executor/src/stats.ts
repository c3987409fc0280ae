/** What happened since the executor was created. */
export interface Counters {
  accepted: number
  succeeded: number
  failed: number
  /** Let go of while they go on elsewhere. */
  detached: number
  released: number
  lost: number
}

export const noCounters = (): Counters => ({ accepted: 0, succeeded: 0, failed: 0, detached: 0, released: 0, lost: 0 })

export interface ExecutorStats extends Readonly<Counters> {
  readonly state: 'NEW' | 'STARTING' | 'ONLINE' | 'DRAINING' | 'STOPPED'
  /** The session with the server; null while there is none. */
  readonly session: number | null
  /** Handlers that run now, and attempts whose end the server has not answered. */
  readonly running: number
  readonly held: number
}
