// Plants known bugs into copies of the built server and shows that the checks see each: node e2e/dist/mutants.js [--only M04,M07]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MUTANTS, type Mutant } from './mutant/mutants.ts'
import { plant } from './mutant/plant.ts'
import { runScenario, type ScenarioResult } from './scenario/run-scenario.ts'
import { line } from './table.ts'

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const wanted = values.only?.toUpperCase().split(',')

/** So often a scene is set at most. */
const SETTINGS = 3

const escaped: string[] = []
for (const mutant of MUTANTS.filter(({ id }) => wanted?.includes(id) ?? true)) {
  console.log(`${mutant.id} ${mutant.title}, under ${mutant.scenario.id} …`)
  const result = await playOut(mutant)
  const red = result.verdicts.filter(({ state }) => state === 'BROKEN')
  const caught = red.some(({ check }) => check === mutant.caughtBy)
  if (caught)
    console.log(`  caught by ${red.map(({ check, broken }) => `${check} (${broken})`).join(', ')}: ${problemOf(mutant, result)}`)
  else {
    escaped.push(mutant.id)
    console.log(`  ESCAPED ${mutant.caughtBy}\n${line(result)}`)
  }
}
console.log(escaped.length === 0 ? '\nEvery planted bug was caught.' : `\nNot caught: ${escaped.join(', ')}.`)
process.exitCode = escaped.length === 0 ? 0 : 1

/** A bug can also trip those who set the scene, before there is anything to check: then it is set again. */
async function playOut(mutant: Mutant): Promise<ScenarioResult> {
  for (let left = SETTINGS; ; left--) {
    const result = await tryMutant(mutant)
    if (result.failure === null || left === 1) return result
  }
}

async function tryMutant(mutant: Mutant): Promise<ScenarioResult> {
  const folder = mkdtempSync(join(tmpdir(), `carillon-${mutant.id.toLowerCase()}-`))
  try {
    const serverModule = plant(mutant, folder)
    const { sql } = mutant
    const result = await runScenario(mutant.scenario, mutant.count, {
      cast: { serverModule, ...(sql !== undefined && { sql }) },
    })
    // It is red as it should be: nobody will look into it.
    if (result.failure === null) rmSync(result.folder, { recursive: true, force: true })
    return result
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function problemOf({ caughtBy }: Mutant, { verdicts }: ScenarioResult): string {
  return verdicts.find(({ check }) => check === caughtBy)?.problems[0] ?? ''
}
