import type { Assignment } from '@carillon/contract'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { HandlerContext } from '../context.ts'
import { DETACHED, type Outcome } from '../outcome.ts'
import type { InstanceStopped, StopReason } from '../stop-reason.ts'
import type { FromIsolated, ToIsolated } from './messages.ts'

/**
 * `thread`: a thread of its own. `process`: a process of its own, which also keeps to itself what ends a whole process: native code that
 * crashes, and memory outside of JavaScript's. Either loads the handler's module anew, which takes some tenths of a second.
 */
export type Isolation = 'thread' | 'process'

export interface IsolateOptions {
  readonly isolate: Isolation
  readonly module: string
  readonly memoryMb?: number | undefined
}

/** From asking a handler to stop until its thread or process is ended. Less than what leaving grants it. */
const STOP_MS = 1_500

/** So many characters of what a process said before it ended stand in the failure. */
const LAST_WORDS = 2_000

const ENTRY = new URL('./entry.js', import.meta.url)

/** The thread or process of one attempt. */
interface Cell {
  tell(message: ToIsolated): void
  end(): void
}

interface CellListener {
  heard(message: FromIsolated): void
  /** It is gone, whether it said its END or not. */
  gone(how: string): void
}

/** Runs a handler of a module in a thread or process of its own, which ends with the attempt. */
export function runIsolated(name: string, options: IsolateOptions, context: HandlerContext): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let kill: NodeJS.Timeout | undefined
    const settle = (act: () => void) => {
      clearTimeout(kill)
      context.signal.removeEventListener('abort', stop)
      cell.end()
      act()
    }
    const cell = CELLS[options.isolate](options, {
      heard: (message) => {
        if (message.kind === 'LOG') context.log.write(message.level, message.text, message.source)
        else if (message.kind === 'PROGRESS') context.progress(message.percent, message.message)
        else settle(() => conclude(message.outcome, resolve, reject))
      },
      gone: (how) =>
        settle(() => reject(context.signal.aborted ? context.signal.reason : new IsolateEnded(options.isolate, how))),
    })
    const stop = () => {
      cell.tell({ kind: 'STOP', reason: reasonOf(context.signal) })
      // One that blocks does not hear it.
      kill = setTimeout(() => settle(() => reject(context.signal.reason)), STOP_MS)
    }
    cell.tell({ kind: 'RUN', module: options.module, name, assignment: assignmentOf(context) })
    if (context.signal.aborted) stop()
    else context.signal.addEventListener('abort', stop)
  })
}

/** It ended its thread or process, or was ended with it. */
class IsolateEnded extends Error {
  override readonly name = 'IsolateEnded'
  readonly code = 'ISOLATE_ENDED'

  constructor(isolate: Isolation, how: string) {
    super(`The handler's ${isolate} ended before the handler did: ${how}`)
    delete this.stack
  }
}

/** By its looks: it may be of another copy of the package. */
function reasonOf({ reason }: AbortSignal): StopReason {
  const { name, code } = Object(reason) as Partial<InstanceStopped>
  return name === 'AbortError' && typeof code === 'string' ? code : 'CANCEL'
}

function assignmentOf(context: HandlerContext): Assignment {
  const { tenant, run, instance, task, handler, kind, attempt, fireAt, idempotencyKey, token } = context
  const { params, settings, variables, shard, deadline } = context
  const timeoutMs = deadline === null ? 0 : Math.max(1, deadline - Date.now())
  return {
    ...{ tenant, run, instance, task, handler, kind, attempt, fireAt, idempotencyKey, token },
    ...{ params, settings, variables: { ...variables }, shard: { ...shard }, timeoutMs },
  }
}

function conclude(outcome: Outcome, resolve: (output: unknown) => void, reject: (error: Error) => void): void {
  if (outcome.kind === 'SUCCESS') return resolve(outcome.output)
  if (outcome.kind === 'DETACHED') return resolve(DETACHED)
  const { code, message, stack } = outcome.error
  const error = Object.assign(new Error(message), { code, ...(outcome.retriable === false && { retriable: false }) })
  if (stack === undefined) delete error.stack
  else error.stack = stack
  reject(error)
}

// ───────────────────────────────────────────────────────────────── cells

const CELLS: Readonly<Record<Isolation, (options: IsolateOptions, listener: CellListener) => Cell>> = {
  thread: ({ memoryMb }, listener) => {
    const worker = new Worker(ENTRY, memoryMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMb } })
    let error: Error | undefined
    worker.on('message', (message: FromIsolated) => listener.heard(message))
    worker.on('error', (thrown) => (error = thrown instanceof Error ? thrown : new Error(String(thrown))))
    worker.on('exit', (code) => listener.gone(error?.message ?? `exit code ${code}`))
    return { tell: (message) => worker.postMessage(message), end: () => void worker.terminate() }
  },
  process: ({ memoryMb }, listener) => {
    const child = fork(fileURLToPath(ENTRY), {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      ...(memoryMb !== undefined && { execArgv: [...process.execArgv, `--max-old-space-size=${memoryMb}`] }),
    })
    child.on('message', (message) => listener.heard(message as FromIsolated))
    child.on('error', (error) => listener.gone(error.message))
    let said = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text)
      said = (said + text).slice(-LAST_WORDS)
    })
    // Not `exit`: why it crashed may still be under way.
    child.on('close', (code, signal) => listener.gone(`${signal ?? `exit code ${code}`}${said && `\n${said.trim()}`}`))
    return {
      // One that is gone says so by its exit.
      tell: (message) => void (child.connected && child.send(message, () => undefined)),
      end: () => void child.kill('SIGKILL'),
    }
  },
}
