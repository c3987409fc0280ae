export { runHandler, type TestInstance, type TestResult } from './run-handler.ts'
