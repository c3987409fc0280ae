import { startChild, type Child, type Program } from './child.ts'
import type { Stage } from './stage.ts'

/** Keeps a program running: when its process ends, another one is started, as a service manager would. */
export interface Supervised {
  readonly name: string
  /** The present process; while one is being started, the one that is to come. */
  readonly child: Promise<Child>
  /** How many processes there have been. */
  readonly generation: number
  /** Kills the present process and answers when its successor is ready. */
  kill(): Promise<void>
  stop(): Promise<void>
}

export async function supervise(stage: Stage, program: Program): Promise<Supervised> {
  let stopping = false
  let generation = 0
  let child: Promise<Child>

  const start = () => {
    generation++
    const started = startUntilReady(program, () => stopping)
    child = started
    void started.then(
      ({ exited }) => exited.then(() => void (!stopping && start())),
      () => undefined,
    )
    return started
  }
  const supervised: Supervised = {
    name: program.name,
    get child() {
      return child
    },
    get generation() {
      return generation
    },
    async kill() {
      const present = await child
      stage.note('kill', { name: program.name, pid: present.pid })
      await present.kill()
      // The successor takes its place in the same turn in which the exit is heard.
      await child
    },
    async stop() {
      stopping = true
      const last = await child.catch(() => null)
      last?.resume()
      await last?.kill()
    },
  }
  stage.defer(() => supervised.stop())
  await start()
  return supervised
}

/** A start may fail for reasons that pass: the database is away. It is repeated, as a service manager does. */
async function startUntilReady(program: Program, stopping: () => boolean): Promise<Child> {
  for (let tries = 1; ; tries++) {
    try {
      return await startChild(program)
    } catch (error) {
      if (stopping() || tries >= 60) throw error
    }
  }
}
