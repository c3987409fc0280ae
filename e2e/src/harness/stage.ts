import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLines, type Lines } from '../record/lines.ts'

/**
 * Where one scenario plays: a folder for everything that is recorded, the log of faults, and whatever must end with it. What was put up
 * last is taken down first, also when the scenario throws.
 */
export interface Stage {
  readonly folder: string
  /** Writes a line of the nemesis log: what was done to the system, and when. */
  note(event: string, details?: Readonly<Record<string, unknown>>): void
  /** How often that was written so far. */
  noted(event: string): number
  defer(undo: () => unknown): void
  close(options: { readonly keep: boolean }): Promise<void>
}

export function openStage(name: string): Stage {
  const folder = temporaryFolder(name)
  const nemesis: Lines = openLines(join(folder, 'nemesis.jsonl'))
  const counts = new Map<string, number>()
  const undoing: (() => unknown)[] = []
  let closed: Promise<void> | undefined
  const close = async (keep: boolean) => {
    const failures: unknown[] = []
    for (const undo of undoing.splice(0).reverse()) {
      try {
        await undo()
      } catch (error) {
        failures.push(error)
      }
    }
    nemesis.close()
    if (!keep) rmSync(folder, { recursive: true, force: true })
    if (failures.length > 0) throw new AggregateError(failures, `The stage of ${name} could not be cleared`)
  }
  return {
    folder,
    note(event, details = {}) {
      counts.set(event, (counts.get(event) ?? 0) + 1)
      nemesis.write({ at: Date.now(), event, ...details })
    },
    noted: (event) => counts.get(event) ?? 0,
    defer: (undo) => void undoing.push(undo),
    close: ({ keep }) => (closed ??= close(keep)),
  }
}

const roomBytes = 2 ** 31

/** In memory where there is room: nothing here is meant to outlive a power cut. Open to all, as a PostgreSQL started by root has an account of its own. */
function temporaryFolder(name: string): string {
  const parent = hasRoom('/dev/shm') ? '/dev/shm' : tmpdir()
  const folder = mkdtempSync(join(parent, `carillon-e2e-${name}-`))
  chmodSync(folder, 0o755)
  return folder
}

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize > roomBytes
  } catch {
    return false
  }
}
