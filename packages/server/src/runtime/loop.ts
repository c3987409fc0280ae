/** What a step answers: how long its loop may rest, in milliseconds. 0 = there is more to do. */
export type Step = () => Promise<number>

export interface Loop {
  readonly name: string
  /** Ends the rest early. A hint: the loop also goes on by itself when its rest is over. */
  wake(): void
  /** Lets the present step finish and ends. */
  stop(): Promise<void>
}

const FIRST_BACK_OFF_MS = 100
const LONGEST_BACK_OFF_MS = 5_000

/**
 * The only endless loop of the server: step, then rest as long as the step said. A step that throws never ends it; its rests grow
 * until one succeeds. Steps are plain functions, so tests call them without any loop.
 */
export function startLoop(name: string, step: Step, onError: (name: string, error: unknown) => void): Loop {
  let stopping = false
  let woken = false
  let endRest: () => void = () => undefined

  const rest = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      endRest = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const running = (async () => {
    let failures = 0
    while (!stopping) {
      woken = false
      let ms: number
      try {
        ms = await step()
        failures = 0
      } catch (error) {
        onError(name, error)
        ms = Math.min(FIRST_BACK_OFF_MS * 2 ** failures++, LONGEST_BACK_OFF_MS)
        woken = false
      }
      if (!stopping && !woken && ms > 0) await rest(ms)
    }
  })()

  return {
    name,
    wake() {
      woken = true
      endRest()
    },
    async stop() {
      stopping = true
      endRest()
      await running
    },
  }
}
