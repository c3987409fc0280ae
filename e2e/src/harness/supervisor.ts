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
  /** Kills the present process; it stays away until `bringUp`. */
  takeDown(): Promise<void>
  bringUp(): Promise<void>
  /** Ends it for good; that is no fault. */
  stop(): Promise<void>
}

export async function supervise(stage: Stage, program: Program): Promise<Supervised> {
  let wanted = true
  let generation = 0
  let child: Promise<Child>

  const start = async () => {
    generation++
    child = startUntilReady(program, () => wanted)
    const { exited } = await child
    void exited.then(() => {
      if (wanted) start().catch(() => undefined)
    })
  }
  const stop = async () => {
    wanted = false
    await (await child.catch(() => null))?.kill()
  }
  const kill = async () => {
    const present = await child
    stage.note('kill', { name: program.name, pid: present.pid })
    await present.kill()
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
      await kill()
      // Its successor is on its way by now: whoever waits for the exit is told in order.
      await child
    },
    async takeDown() {
      wanted = false
      await kill()
    },
    async bringUp() {
      wanted = true
      await start()
    },
    stop,
  }
  stage.defer(stop)
  await start()
  return supervised
}

const MOST_TRIES = 60

/** A start may fail for reasons that pass: the database is away. It is repeated, as a service manager does. */
async function startUntilReady(program: Program, wanted: () => boolean): Promise<Child> {
  for (let tries = 1; ; tries++) {
    try {
      return await startChild(program)
    } catch (error) {
      if (!wanted() || tries >= MOST_TRIES) throw error
    }
  }
}
