import type { TestProject } from 'vitest/node'
import { ensureBuilt, startStage, type Stage } from './stage.ts'

declare module 'vitest' {
  interface ProvidedContext {
    stage: Stage
  }
}

/** The stage of all tests that do not need one of their own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  ensureBuilt()
  const { stage, stop } = await startStage()
  project.provide('stage', stage)
  return stop
}
