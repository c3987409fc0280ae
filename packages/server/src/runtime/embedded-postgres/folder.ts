import { closeSync, fsyncSync, lstatSync, mkdirSync, openSync } from 'node:fs'

/**
 * Makes `folder` if need be and says whether we may trust it: a real folder that belongs to us (or to `partner`) and that nobody
 * else may write to. Anyone can make a folder of a foreseeable name in a shared temporary folder before us.
 */
export function ownFolder(folder: string, mode: number, partner?: number): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode })
    const found = lstatSync(folder)
    const mine = process.getuid?.()
    if (mine === undefined) return found.isDirectory()
    return found.isDirectory() && (found.uid === mine || found.uid === partner) && (found.mode & 0o022) === 0
  } catch {
    return false
  }
}

/** A rename is durable only once its folder is synced. Windows cannot open folders, and journals renames by itself. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** The answer of an action that another process may have done first, in which case its work stands. */
export function unlessDone(action: () => void, done: () => boolean): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (done()) return false
    throw error
  }
}
