export * from './config.ts'
export { startServer, VERSION, type RunningServer } from './main.ts'
export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './runtime/embedded-postgres.ts'
