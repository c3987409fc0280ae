import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../runtime/embedded-postgres.ts'
import { migrate } from '../storage/migrate.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { databaseUrl, onServer } from './test-database.ts'

/**
 * Gives a test run one real PostgreSQL with a migrated template database: an embedded one, or the server that
 * CARILLON_TEST_DATABASE_URL names (as a superuser), which several runs may share.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer()
  const template = `carillon_template_${randomBytes(6).toString('hex')}`
  await onServer(server.url, `CREATE DATABASE ${template} TEMPLATE template0`)
  await migrate(databaseUrl(server.url, template))
  project.provide('testServer', { url: server.url, template })
  return async () => {
    await onServer(server.url, `DROP DATABASE ${template} WITH (FORCE)`)
    await server.stop()
  }
}

async function startServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const given = process.env.CARILLON_TEST_DATABASE_URL
  if (given !== undefined && given !== '') return { url: given, stop: () => Promise.resolve() }
  const dataDir = temporaryFolder('test')
  const server = await startEmbeddedPostgres({ dataDir, log: () => {} })
  const stop = async (): Promise<void> => {
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return { url: server.url, stop }
}
