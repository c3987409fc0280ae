import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A process that serves calls of the benchmark. It ends with its parent, however that ends: see `serve`. */
export interface Child<Calls extends CallTable> {
  readonly pid: number
  call<Name extends keyof Calls & string>(
    name: Name,
    input: Parameters<Calls[Name]>[0],
  ): Promise<Awaited<ReturnType<Calls[Name]>>>
  stop(): Promise<void>
}

// oxlint-disable-next-line typescript/no-explicit-any -- the inputs of a table of functions are contravariant
export type CallTable = Readonly<Record<string, (input: any) => unknown>>

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** Starts `processes/<name>`. With `profile`, a folder, it writes a CPU profile there when it ends. */
export async function startChild<Calls extends CallTable>(name: string, profile?: string): Promise<Child<Calls>> {
  const path = fileURLToPath(new URL(`../processes/${name}.js`, import.meta.url))
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name}.cpuprofile`]
  const child = fork(path, [], { execArgv: flags, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
  const calls = pendingCalls(child, name)
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  return {
    pid: child.pid!,
    call: (which, input) => calls.send(which, input) as never,
    // Not in order: what it worked on is thrown away with it.
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      await exited
    },
  }
}

function pendingCalls(child: ChildProcess, name: string) {
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let last = 0
  child.on('message', ({ id, value, error }: Answer) => {
    const call = pending.get(id)
    pending.delete(id)
    if (error === undefined) call?.resolve(value)
    else call?.reject(new Error(`${name}: ${error}`))
  })
  child.on('exit', (code, signal) => {
    for (const call of pending.values())
      call.reject(new Error(`The process ${name} ended (${signal ?? code}) before it answered.`))
  })
  return {
    send(call: string, input: unknown): Promise<unknown> {
      return new Promise((resolve, reject) => {
        pending.set(++last, { resolve, reject })
        child.send({ id: last, call, input })
      })
    },
  }
}

/** The other side: answers calls until its parent lets go of it, or is gone. */
export function serve(calls: CallTable): void {
  process.on('message', async ({ id, call, input }: { id: number; call: string; input: unknown }) => {
    try {
      process.send!({ id, value: await calls[call]!(input) })
    } catch (error) {
      process.send!({ id, error: (error as Error).stack ?? String(error) })
    }
  })
  process.on('disconnect', () => process.exit())
  // Ctrl-C reaches the whole group; the parent decides about the order.
  process.on('SIGINT', () => undefined)
}
