import { constants } from 'node:os'
import { Failure } from './failure.ts'
import type { Terminal } from './terminal.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Staying {
  /** Settles when the embedded database has ended. */
  readonly databaseLost: Promise<void>
  /** Leaves in order. */
  stop(): Promise<void>
}

/**
 * Starts something and stays until the process is asked to end (SIGINT, SIGTERM, SIGHUP), then leaves in order. Asked a second time, also
 * while starting, it ends at once: nothing acknowledged is lost by that, what runs is found by its lease. Throws when the database is lost.
 */
export async function stay(terminal: Terminal, start: () => Promise<Staying>): Promise<void> {
  const asked = listen(terminal)
  try {
    const staying = await start()
    const reason = await Promise.race([asked.first, staying.databaseLost.then(() => 'DATABASE_LOST' as const)])
    // Without its database there is nothing left to put in order, and every attempt to do so would wait for it.
    if (reason === 'DATABASE_LOST') {
      throw new Failure(
        'FAILED',
        'The database of this node has ended, so the node ends too.',
        'Its log is in the data folder, in postgres/data/log.',
      )
    }
    await staying.stop()
  } finally {
    asked.off()
  }
}

function listen(terminal: Terminal): { first: Promise<NodeJS.Signals>; off(): void } {
  let asked = false
  let answer: (signal: NodeJS.Signals) => void = () => undefined
  const first = new Promise<NodeJS.Signals>((resolve) => (answer = resolve))
  const onSignal = (signal: NodeJS.Signals) => {
    if (asked) process.exit(128 + constants.signals[signal])
    asked = true
    terminal.say(`\n${signal}: leaving in order; again to end at once`)
    answer(signal)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    first,
    off: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
