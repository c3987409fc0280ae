import { join, resolve } from 'node:path'

/** What the process is told by its environment. `carillon dev` sets all of it. */
export interface Settings {
  readonly server: string
  /** Of an administrator; used once, to set up what the executor needs. */
  readonly token: string | undefined
  readonly databaseUrl: string
  /** Where exports go. */
  readonly exports: string
  /** Where the executor keeps its own token. */
  readonly file: string
}

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const dataDir = resolve(env.CARILLON_DATA_DIR || '.carillon')
  return {
    server: needed(env, 'CARILLON_SERVER', 'address of the server, such as http://127.0.0.1:7070'),
    token: env.CARILLON_TOKEN || undefined,
    databaseUrl: needed(env, 'EXAMPLES_DATABASE_URL', 'PostgreSQL for the example data, such as postgresql://…/examples'),
    exports: join(dataDir, 'exports'),
    file: join(dataDir, 'examples.json'),
  }
}

function needed(env: NodeJS.ProcessEnv, name: string, meaning: string): string {
  const value = env[name]
  if (value) return value
  throw new Error(`Set ${name}: ${meaning}. (\`npm start\` sets everything and starts this process itself.)`)
}
