import { chmodSync, mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A new folder for a test's database, in memory where there is room: the disk's syncs are most of the time of initdb, starts and stops.
 * Open to all, since a server that root starts has an account of its own and must get through to its data.
 */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(hasRoom('/dev/shm') ? '/dev/shm' : tmpdir(), `carillon-${name}-`))
  chmodSync(folder, 0o755)
  return folder
}

const roomBytes = 2 ** 31

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize > roomBytes
  } catch {
    return false
  }
}
