export * from './config.ts'
export { startServer, VERSION, type RunningServer } from './main.ts'
export { startEmbeddedPostgres, type EmbeddedPostgres } from './runtime/embedded-postgres.ts'
