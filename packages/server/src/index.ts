export { createBuiltinApart, type BuiltinApartOptions } from './builtin/builtin-apart.ts'
export * from './config.ts'
export { rotateMasterKey, startServer, VERSION, type RunningServer } from './main.ts'
export {
  reachEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './runtime/embedded-postgres.ts'
export { keepGeneratedKey } from './vault/master-keys.ts'
export { dump, type DumpSummary } from './storage/dump.ts'
export { load } from './storage/load.ts'
export { migrate, type MigrateResult } from './storage/migrate.ts'
