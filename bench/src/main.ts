import { parseArgs } from 'node:util'
import { cpus } from 'node:os'
import type { Bench, Finding, Measurement } from './bench.ts'
import { startCarillon, type Carillon } from './harness/carillon.ts'
import { startPostgres } from './harness/postgres.ts'
import { tableOf } from './harness/table.ts'
import { measurements } from './measurements/index.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const HELP = `npm run bench -- [options]
  --quick            small sizes, ends within a minute
  --only <name>      only this measurement (may be repeated): ${measurements.map((each) => each.name).join(', ')}
  --json             one JSON object on the last line
  --profile <folder> CPU profiles of server and executor go there`

if (options.help) console.log(HELP)
else await main(chosen(options.only))

function chosen(only: readonly string[] | undefined): readonly Measurement[] {
  if (only === undefined) return measurements.filter((each) => !options.quick || !each.fullOnly)
  return only.map((name) => {
    const found = measurements.find((each) => each.name === name)
    if (!found)
      throw new Error(`There is no measurement "${name}". There are: ${measurements.map((each) => each.name).join(', ')}.`)
    return found
  })
}

async function main(wanted: readonly Measurement[]): Promise<void> {
  const endings: (() => Promise<unknown>)[] = []
  const progress = (line: string) => console.error(line)
  let ended = false
  const end = async () => {
    if (ended) return
    ended = true
    for (const ending of endings.reverse()) await ending().catch((error: unknown) => progress(String(error)))
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end().then(() => process.exit(1)))
  try {
    const postgres = await startPostgres()
    endings.push(() => postgres.stop())
    let carillon: Promise<Carillon> | undefined
    const bench: Bench = {
      postgres,
      quick: options.quick,
      carillon: () =>
        (carillon ??= startCarillon(postgres, { profile: options.profile, atEnd: (action) => endings.push(action) })),
      atEnd: (action) => void endings.push(action),
      progress,
    }
    await measure(bench, wanted, async () => (carillon ? (await carillon).peakRssMb() : null))
  } finally {
    await end()
  }
}

async function measure(bench: Bench, wanted: readonly Measurement[], rss: () => Promise<number | null>): Promise<void> {
  const findings: Finding[] = []
  const figures: Record<string, unknown> = {}
  for (const { name, measure } of wanted) {
    const begun = performance.now()
    bench.progress(`${name} …`)
    const measured = await measure(bench)
    findings.push(...measured.findings)
    Object.assign(figures, measured.figures)
    const peak = await rss()
    bench.progress(
      `${name}: ${Math.round((performance.now() - begun) / 1000)} s${peak === null ? '' : `, server at most ${peak} MB`}`,
    )
  }
  const serverRssMb = await rss()
  if (serverRssMb !== null) {
    figures.serverRssMb = serverRssMb
    findings.push({
      name: 'Memory of the server process, peak of all this',
      figure: `${serverRssMb} MB`,
      target: { says: '< 300 MB', met: serverRssMb < 300 },
    })
  }
  console.log(`Node ${process.version}, ${bench.postgres.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`)
  console.log(tableOf(findings))
  if (options.json) console.log(JSON.stringify(figures))
}
