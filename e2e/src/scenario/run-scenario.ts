import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from '../check/check.ts'
import type { Verdict } from '../check/verdict.ts'
import { openStage, type Stage } from '../harness/stage.ts'
import { waitFor } from '../harness/wait-for.ts'
import { endSchedules, isQuiet } from '../platform/world.ts'
import { dumpDatabase } from '../record/dump.ts'
import { FILES, readHistory } from '../record/history.ts'
import type { Scenario } from './scenario.ts'
import { openTheatre, type Cast, type Theatre } from './theatre.ts'

export interface ScenarioResult {
  readonly id: string
  readonly title: string
  readonly count: number
  readonly seconds: number
  readonly verdicts: readonly Verdict[]
  /** True when every verdict holds; an unknown one does not. */
  readonly holds: boolean
  /** What was recorded, if something is wrong or it was asked for: `check` can be run on it again. */
  readonly folder: string | null
}

export interface RunOptions {
  readonly count: number
  /** Keeps the records also when all is well. */
  readonly keep?: boolean
  /** Changes to the cast: a mutant instead of the product. */
  readonly cast?: Partial<Cast>
}

/** Plays a scenario from the first process to the last, then checks what was recorded. */
export async function runScenario(scenario: Scenario, { count, keep = false, cast = {} }: RunOptions): Promise<ScenarioResult> {
  const begun = performance.now()
  const stage = openStage(scenario.id.toLowerCase())
  let holds = false
  try {
    await record(stage, scenario, count, { ...scenario.cast(), ...cast })
    const demands = scenario.demands(count)
    writeFileSync(join(stage.folder, 'demands.json'), JSON.stringify(demands))
    const verdicts = check(readHistory(stage.folder), demands)
    holds = verdicts.every((verdict) => verdict.state === 'HOLDS')
    const { id, title } = scenario
    const seconds = Math.round((performance.now() - begun) / 1_000)
    return { id, title, count, seconds, verdicts, holds, folder: holds && !keep ? null : stage.folder }
  } catch (error) {
    throw new Error(`${scenario.id} could not be played; its records are in ${stage.folder}: ${String(error)}`, { cause: error })
  } finally {
    await stage.close({ keep: keep || !holds })
  }
}

async function record(stage: Stage, scenario: Scenario, count: number, cast: Cast): Promise<void> {
  const theatre = await openTheatre(stage, cast)
  stage.note('faults.begin')
  await scenario.play(theatre, count)
  stage.note('faults.end')
  await settle(theatre)
  for (const executor of theatre.executors) await executor.stop()
  await dumpDatabase(theatre.postgres, join(stage.folder, FILES.dump))
}

/** Heals and waits until all is done. If it never is, that is for the checker to say, not for us. */
async function settle(theatre: Theatre): Promise<void> {
  const { postgres, stage, world } = theatre
  const promised = await waitFor('the schedules to take their end', () => endSchedules(postgres, world.promised))
  writeFileSync(join(stage.folder, FILES.promised), JSON.stringify(promised))
  try {
    await waitFor('everything to end', () => isQuiet(postgres), { withinMs: 90_000, everyMs: 200 })
  } catch (error) {
    stage.note('never.quiet', { error: String(error) })
  }
}
