import type { Verdict } from './check/verdict.ts'
import type { ScenarioResult } from './scenario/run-scenario.ts'

/** What became of a scenario, in a line or, where something is wrong, in a few. */
export function line({ id, holds, seconds, verdicts, failure, folder }: ScenarioResult): string {
  if (holds) return `  ${id} holds after ${seconds} s`
  const wrong = verdicts.filter(({ state }) => state !== 'HOLDS')
  return [
    `  ${id} DOES NOT HOLD after ${seconds} s; the records are in ${folder}`,
    ...(failure === null ? [] : [`    ${failure}`]),
    ...wrong.flatMap(({ check, state, broken, problems }) => [
      `    ${check}: ${state}${broken > 0 ? `, ${broken} times` : ''}`,
      ...problems.map((problem) => `      ${problem}`),
    ]),
  ].join('\n')
}

/** One row a scenario: what was seen in numbers. */
export function table(results: readonly ScenarioResult[]): string {
  const rows = results.map(({ id, count, seconds, verdicts, holds }) => [
    id,
    String(count),
    `${seconds} s`,
    ...FIGURES.map(([, check, name]) => String(figure(verdicts, check, name) ?? '–')),
    holds ? 'holds' : 'BROKEN',
  ])
  const all = [['fault', 'times', 'took', ...FIGURES.map(([title]) => title), 'verdict'], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')).join('\n')
}

const FIGURES: readonly (readonly [title: string, check: string, name: string])[] = [
  ['fires', 'C2 occurrences', 'fires'],
  ['late p50 ms', 'C11 figures', 'p50'],
  ['late p99 ms', 'C11 figures', 'p99'],
  ['late worst ms', 'C11 figures', 'lateness'],
  ['acknowledged', 'C1 acknowledged', 'acknowledged'],
  ['attempts', 'C3 leases', 'attempts'],
  ['accepted ends', 'C3 leases', 'accepted'],
  ['figures missed', 'C11 figures', 'beyond'],
]

function figure(verdicts: readonly Verdict[], check: string, name: string): number | undefined {
  return verdicts.find((verdict) => verdict.check === check)?.counted[name]
}
