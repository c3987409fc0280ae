// The process that embedded-postgres.test.ts starts, kills and starts again: <dataDir> [account ...]. It says each thing as one line
// of JSON, and lives until it is killed or its input ends.
import { startEmbeddedPostgres } from './embedded-postgres.ts'

const [dataDir, ...accounts] = process.argv.slice(2)
const say = (message: unknown): void => void process.stdout.write(`${JSON.stringify(message)}\n`)

try {
  const postgres = await startEmbeddedPostgres({
    dataDir: dataDir!,
    log: (line) => say({ log: line }),
    ...(accounts.length > 0 ? { accounts } : {}),
  })
  say({ url: postgres.url, pid: postgres.pid })
  for await (const _ of process.stdin);
  await postgres.stop()
  say({ stopped: true })
} catch (error) {
  say({ error: (error as Error).message })
  process.exitCode = 1
}
