import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { readAccess, localAccessFile } from '../access.ts'
import { temporaryDataDir } from './temporary.ts'
import { ROOT, Started } from './started.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A `carillon dev` that all tests of the run share; none may stop its scheduler. */
    dev: { readonly server: string; readonly token: string; readonly dataDir: string }
  }
}

/** Builds, and starts `carillon dev` as a newcomer does: everything in it is real. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'ensure-built.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] })
  const { dataDir, remove } = temporaryDataDir()
  const dev = new Started(['dev'], { CARILLON_DATA_DIR: dataDir, CARILLON_PORT: '0' })
  await dev.says(/serves the handler/)
  const { server, token } = readAccess(localAccessFile(dataDir))!
  project.provide('dev', { server, token: token!, dataDir })
  return async () => {
    await dev.stop()
    remove()
  }
}
