import { expect, test } from 'vitest'
import { killServerNode } from './f01-kill-server-node.ts'
import { runScenario } from './run-scenario.ts'
import type { Scenario } from './scenario.ts'

const shortCuts: readonly Scenario[] = [killServerNode]

test.each(shortCuts)('$id: nothing is lost, doubled or accepted late under $title', async (scenario) => {
  const { verdicts, folder } = await runScenario(scenario, { count: scenario.counts.short })
  expect({ folder, wrong: verdicts.filter(({ state }) => state !== 'HOLDS') }).toEqual({ folder: null, wrong: [] })
})
