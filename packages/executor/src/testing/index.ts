export type { ApprovalAnswer, TestEvent } from './answers.ts'
export type { TestLog, TestProgress } from './attempt.ts'
export {
  runDag,
  type DagTest,
  type DagTestLog,
  type DagTestResult,
  type TestedDag,
  type TestTask,
  type WaitingApproval,
} from './run-dag.ts'
export { runHandler, type TestInstance, type TestResult } from './run-handler.ts'
