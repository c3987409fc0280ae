import { CarillonError } from '@carillon/core'

/** What the harness tells an executor process, as JSON in E2E_EXECUTOR. */
export interface ExecutorSetup {
  /** Its instance name in every app. */
  readonly name: string
  /** Base URL of the server. */
  readonly server: string
  readonly truthFile: string
  readonly apps: readonly { readonly app: string; readonly token: string; readonly capacity: number }[]
  readonly deaf?: boolean
}

export function meansEnded(error: unknown): boolean {
  return error instanceof CarillonError && error.code === 'SESSION_ENDED'
}
