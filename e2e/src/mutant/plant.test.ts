import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { MUTANTS } from './mutants.ts'
import { plant } from './plant.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'carillon-plant-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test.each(MUTANTS)('$id still fits the server as it is now', (mutant) => {
  expect(plant(mutant, folder())).toMatch(/dist\/index\.js$/)
})

test('a bug that finds nowhere to be planted says so instead of passing for harmless', () => {
  const patches = [{ file: 'storage/database.js', from: 'what stands nowhere', to: '' }]
  expect(() => plant({ id: 'M99', patches }, folder())).toThrow(/M99 does not fit storage\/database\.js: it holds 0 times/)
})
