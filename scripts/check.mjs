// Every check that needs no server: node scripts/check.mjs [name …]. All of them run, so that one look shows everything; the exit code is 0
// only if none failed. The last line counts them: `N passed, N failed`.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const script = (...path) => join(root, 'node_modules', ...path)

/** Started by node itself: the commands in node_modules/.bin are shell scripts, which Windows cannot run. */
const CHECKS = {
  types: [
    [script('typescript', 'bin', 'tsc'), '-b'],
    [script('typescript', 'bin', 'tsc'), '-p', 'tsconfig.tests.json'],
    [script('typescript', 'bin', 'tsc'), '-p', 'packages/console/tsconfig.json'],
    [script('typescript', 'bin', 'tsc'), '-p', 'packages/console/tsconfig.node.json'],
  ],
  lint: [[script('oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings']],
  format: [[script('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.']],
  architecture: [
    [script('vitest', 'vitest.mjs'), 'run', '--project', 'workspace', '--reporter', 'dot', 'scripts/architecture.test.ts'],
  ],
  unused: [[script('knip', 'bin', 'knip.js'), '--no-config-hints']],
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !Object.hasOwn(CHECKS, name))
if (unknown.length > 0) {
  console.error(`There is no check ${unknown.join(', ')}; there are ${Object.keys(CHECKS).join(', ')}.`)
  process.exit(2)
}

function passes(name) {
  const startedAt = performance.now()
  for (const args of CHECKS[name]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 })
    if (status === 0) continue
    console.log(`✗ ${name}\n${stdout}${stderr}`)
    return false
  }
  console.log(`✓ ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
  return true
}

const names = wanted.length > 0 ? wanted : Object.keys(CHECKS)
const failed = names.filter((name) => !passes(name)).length
console.log(`${names.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
