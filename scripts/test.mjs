// Runs every test of every package once: node scripts/test.mjs [vitest arguments]. The last line is always `N passed, N failed`
// (and `, N skipped` if any), alone on its line; the exit code is 0 only if something ran and nothing failed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = mkdtempSync(join(tmpdir(), 'carillon-count-'))
const counts = join(folder, 'counts.json')

function run(script, args, env = {}) {
  const { status } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  return status ?? 1
}

function tests() {
  const built = run(join(root, 'scripts', 'ensure-built.mjs'), [])
  if (built !== 0) return built
  const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts', 'count-reporter.mjs')}`]
  const args = ['run', '--root', root, '--passWithNoTests', ...reporters, ...process.argv.slice(2)]
  return run(join(root, 'node_modules', 'vitest', 'vitest.mjs'), args, { CARILLON_TEST_COUNTS: counts })
}

const status = tests()
// No file: the build broke, or vitest died before its end. That is a failure like any other.
const { passed, failed, skipped } = existsSync(counts)
  ? JSON.parse(readFileSync(counts, 'utf8'))
  : { passed: 0, failed: 1, skipped: 0 }
rmSync(folder, { recursive: true, force: true })
if (passed + failed === 0) console.error('No test ran.')
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = status !== 0 ? status : passed + failed === 0 || failed > 0 ? 1 : 0
