export * from './executor-protocol.ts'
export * from './route.ts'
