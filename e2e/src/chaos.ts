// Every fault in its full count: node e2e/dist/chaos.js [--only F01,F13] [--scale 0.1] [--strict] [--report chaos-report.json]
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runScenario, type ScenarioResult } from './scenario/run-scenario.ts'
import { SCENARIOS } from './scenario/all.ts'
import { line, table } from './table.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    /** Figures that are not reached are failures, too. They are promised for a machine that has nothing else to do. */
    strict: { type: 'boolean', default: false },
    scale: { type: 'string', default: '1' },
    report: { type: 'string', default: 'chaos-report.json' },
  },
})
const scale = Number(values.scale)
const wanted = values.only?.toUpperCase().split(',')
const unknown = wanted?.filter((id) => !SCENARIOS.some((scenario) => scenario.id === id)) ?? []
if (!(scale > 0) || unknown.length > 0) {
  const known = SCENARIOS.map(({ id }) => id).join(', ')
  console.error(unknown.length > 0 ? `There is no ${unknown.join(', ')}; there are ${known}.` : '--scale must be above 0.')
  process.exit(2)
}

const results: ScenarioResult[] = []
for (const scenario of SCENARIOS.filter(({ id }) => wanted?.includes(id) ?? true)) {
  const count = Math.max(1, Math.round(scenario.counts.full * scale))
  console.log(`${scenario.id} ${scenario.title}: ${count} times …`)
  const result = await runScenario(scenario, count, { strict: values.strict })
  results.push(result)
  console.log(line(result))
}
console.log(`\n${table(results)}`)
writeFileSync(values.report, `${JSON.stringify({ scale, results }, null, 2)}\n`)
console.log(`\nThe report is in ${values.report}.`)
process.exitCode = results.every(({ holds }) => holds) ? 0 : 1
