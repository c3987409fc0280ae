/**
 * What executors really did: the ground truth outside the product. Each executor process appends to a file of its own and syncs it
 * before it goes on, so what it did before it was killed is known. Times are of the machine's clock.
 */
export type TruthRecord = TruthCommon & (Granted | Did | Answered)

interface TruthCommon {
  readonly at: number
  readonly executor: string
  readonly pid: number
  readonly instance: number
  readonly token: number
}

/** The server gave it an attempt. */
interface Granted {
  readonly what: 'granted'
  readonly session: number
  readonly run: number
  readonly attempt: number
}

/** Its handler began, had its effect, ended. */
interface Did {
  readonly what: 'start' | 'effect' | 'finish' | 'throw' | 'aborted'
  readonly tenant: number
  readonly run: number
  readonly attempt: number
  readonly task: string
  readonly fireAt: number | null
}

/** What the server answered to a report. */
interface Answered {
  readonly what: 'answered'
  /** Who repeated or made up this report, where it was not the executor's own; nothing of that may be accepted. */
  readonly via?: string
  readonly kind: 'STARTED' | 'PROGRESS' | 'SUCCESS' | 'FAILURE' | 'RELEASE'
  readonly status: 'ACCEPTED' | 'DUPLICATE' | 'STALE' | 'INVALID'
}

export type Work = TruthCommon & Did

/** What a handler did: the rest is talk with the server. */
export function isWork(record: TruthRecord): record is Work {
  return record.what !== 'granted' && record.what !== 'answered'
}
