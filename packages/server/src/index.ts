export * from './config.ts'
export { startServer, VERSION, type RunningServer } from './main.ts'
