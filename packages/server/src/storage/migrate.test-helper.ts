// A node that migrates, for migrate.test.ts to start several of at once, or kill: <url> <folder of migrations>
import { migrate, readMigrations } from './migrate.ts'

const [url, folder] = process.argv.slice(2)
const { applied } = await migrate(url!, { migrations: readMigrations(folder!) })
process.stdout.write(JSON.stringify(applied))
