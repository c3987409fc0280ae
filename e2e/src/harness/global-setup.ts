import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The processes run the build, so there must be one of the present sources. */
export default function setup(): void {
  const script = fileURLToPath(new URL('../../../scripts/ensure-built.mjs', import.meta.url))
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' })
  if (status !== 0) throw new Error('The build failed; see above.')
}
