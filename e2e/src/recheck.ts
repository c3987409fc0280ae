// Checks the records of a scenario once more, from its files alone: node e2e/dist/recheck.js <folder>
import { check } from './check/check.ts'
import { readDemands, readHistory } from './record/history.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  console.error('Which folder? A scenario that does not hold names the folder of its records.')
  process.exit(2)
}
const verdicts = check(readHistory(folder), readDemands(folder))
for (const { check: name, state, counted, problems } of verdicts) {
  const numbers = Object.entries(counted).map(([what, count]) => `${count} ${what}`)
  console.log(`${state.padEnd(8)} ${name}: ${numbers.join(', ')}`)
  for (const problem of problems) console.log(`         ${problem}`)
}
process.exitCode = verdicts.every(({ state }) => state === 'HOLDS') ? 0 : 1
