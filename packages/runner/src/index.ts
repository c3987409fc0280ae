import type { Handler } from '@carillon/executor'
import { createScriptHandler, type ScriptHandlerOptions } from './script-handler.ts'
import { sqlHandler } from './sql-handler.ts'

export { createScriptHandler, SCRIPT_LANGUAGES, type ScriptHandlerOptions, type ScriptSettings } from './script-handler.ts'
export { sqlHandler, type SqlSettings } from './sql-handler.ts'

/** The kinds of work that an executor does only where whoever starts it allows it. */
export const RUNNER_KINDS = ['script', 'sql'] as const
export type RunnerKind = (typeof RUNNER_KINDS)[number]

/**
 * Handlers of the kinds that are allowed.
 *
 * @example createExecutor({ server, token, app: 'runners', handlers: runnerHandlers(['sql']) })
 */
export function runnerHandlers(allowed: readonly RunnerKind[], options: ScriptHandlerOptions = {}): Handler[] {
  const make: Readonly<Record<RunnerKind, () => Handler>> = { script: () => createScriptHandler(options), sql: () => sqlHandler }
  return [...new Set(allowed)].map((kind) => make[kind]())
}
