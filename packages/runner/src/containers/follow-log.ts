import { persistently, type Patience } from './persistently.ts'
import { after } from './stopping.ts'

/** How long the rest of a log is awaited when the container has ended. */
export const LOG_DRAIN_MS = 30_000

/** Makes lines of a log as an engine sends it. */
export interface LogReader {
  /** The stream begins anew; answers since when to ask for it, as the engine has it. What comes again is left out. */
  resume(): string | undefined
  write(chunk: Buffer): void
  end(): void
}

export interface Following {
  readonly patience: Patience
  /** Settles when the container has ended. */
  readonly ended: Promise<unknown>
  /** Nobody wants to know any more. */
  readonly over: AbortSignal
}

/** Reads a log to its end, beginning anew where the stream breaks off. Never rejects: answers what is wrong, or null. */
export async function followLog(
  reader: LogReader,
  open: (since: string | undefined) => AsyncIterable<Buffer>,
  { patience, ended, over }: Following,
): Promise<string | null> {
  let hasEnded = false
  const noteEnd = () => void (hasEnded = true)
  const end = ended.then(noteEnd, noteEnd)
  try {
    do {
      await persistently(patience, over, async (alive) => {
        for await (const chunk of open(reader.resume())) {
          alive()
          reader.write(chunk)
        }
      })
      // The stream ends with the container. Something between may have ended it earlier; then it is asked for again.
      await Promise.race([end, after(patience.restMs, over)])
    } while (!hasEnded)
    return null
  } catch (error) {
    return over.aborted ? null : (error as Error).message
  } finally {
    reader.end()
  }
}
