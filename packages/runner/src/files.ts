import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FatalError } from '@carillon/executor'

/** Where files of a tenant go: below the folder that the executor was given, each tenant in one of its own. */
export function fileOf(folder: string | undefined, tenant: number, name: string): string {
  if (folder === undefined)
    throw new FatalError('This executor writes no files; start it with --files <folder>', { code: 'NO_FILES' })
  const parts = name.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..' || /[\\\0]/.test(part)))
    throw new FatalError(`${name} is no path below the folder of files`, { code: 'FILE_NAME' })
  return join(folder, String(tenant), ...parts)
}

/** Writes a file that appears whole or not at all. Answers its size in bytes. */
export async function writeWhole(path: string, work: (file: FileHandle) => Promise<void>): Promise<number> {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${randomBytes(6).toString('hex')}.part`
  try {
    const file = await open(draft, 'wx', 0o640)
    let size: number
    try {
      await work(file)
      await file.sync()
      size = (await file.stat()).size
    } finally {
      await file.close()
    }
    await rename(draft, path)
    return size
  } finally {
    await rm(draft, { force: true })
  }
}
