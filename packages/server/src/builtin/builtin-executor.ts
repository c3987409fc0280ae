import type { ExecutorTraffic } from '../lifecycle/executor-traffic.ts'
import type { Logger } from 'pino'
export function startBuiltinExecutor(_options: {
  traffic: ExecutorTraffic
  capacity: number
  allowPrivate: boolean
  nodeId: string
  log: Logger
}): Promise<{ drain(): Promise<void> }> {
  return Promise.resolve({ drain: () => Promise.resolve() })
}
