import { type Handler } from '@carillon/executor'
import { createContainerHandler, type ContainerHandlerOptions } from './container-handler.ts'
import type { ContainerEngine } from './container.ts'

export interface ContainerRunnerOptions extends ContainerHandlerOptions {
  /** How often what was left behind is looked for. Default 60,000. */
  readonly sweepMs?: number
  /** Where it says what it found. */
  readonly say?: (line: string) => void
}

/** What an executor takes to run containers on an engine. */
export interface ContainerRunner {
  readonly handler: Handler
  /**
   * Removes what a crash left behind, and does so again and again, as long as `isIn` says that the executor is let in: of two live processes of one
   * name the one that is not would take the containers of the other for its own. Rejects where the engine does not answer.
   */
  start(isIn?: () => boolean): Promise<void>
  /** When the executor has stopped. */
  stop(): Promise<void>
}

/**
 * The kind `container` on an engine.
 *
 * @example
 * const runner = createContainerRunner(new DockerEngine({ address: dockerAddress(undefined, process.env), identity: 'runners/host-1' }))
 * await runner.start()
 * const executor = createExecutor({ server, token, app: 'runners', handlers: [runner.handler] })
 */
export function createContainerRunner(engine: ContainerEngine, options: ContainerRunnerOptions = {}): ContainerRunner {
  const { sweepMs = 60_000, say = () => undefined } = options
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  const sweep = async () => {
    const swept = await engine.sweep()
    if (swept > 0)
      say(`${swept === 1 ? 'A container that was' : `${swept} containers that were`} left behind on ${engine.name} removed`)
  }
  const sweepIf = async (isIn: () => boolean) => {
    if (isIn()) await sweep()
  }
  const again = (isIn: () => boolean) => {
    if (isStopped) return
    timer = setTimeout(() => {
      sweepIf(isIn)
        .catch((error: Error) => say(`Cannot look for containers that were left behind: ${error.message}`))
        .finally(() => again(isIn))
    }, sweepMs)
    timer.unref()
  }
  return {
    handler: createContainerHandler(engine, options),
    start: async (isIn = () => true) => {
      await sweep()
      again(isIn)
    },
    stop: async () => {
      isStopped = true
      clearTimeout(timer)
      await engine.close()
    },
  }
}
