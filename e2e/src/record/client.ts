/**
 * What clients asked for and heard, as Jepsen writes it: `invoke` when an operation begins, then `ok` (acknowledged), `fail` (refused,
 * it has surely no effect) or `info` (nobody knows). An operation keeps its key over all its tries.
 */
export interface ClientRecord {
  readonly at: number
  readonly client: string
  readonly key: string
  readonly operation: 'task.create' | 'run.trigger'
  readonly tenantId: number
  readonly type: 'invoke' | 'ok' | 'fail' | 'info'
  /** What the answer named: the task, or the run. */
  readonly id?: number
  readonly detail?: string
}
