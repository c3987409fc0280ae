import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from '../check/check.ts'
import type { Verdict } from '../check/verdict.ts'
import { openStage, type Stage } from '../harness/stage.ts'
import { FILES, readHistory } from '../record/history.ts'
import type { Scenario } from './scenario.ts'
import { settle } from './settle.ts'
import { CAST, openTheatre, type Cast } from './theatre.ts'

export interface ScenarioResult {
  readonly id: string
  readonly title: string
  readonly count: number
  readonly seconds: number
  readonly verdicts: readonly Verdict[]
  /** Why it could not be played to its end. */
  readonly failure: string | null
  /** True when it was played and every verdict holds; an unknown one does not. */
  readonly holds: boolean
  /** What was recorded; kept if something is wrong. */
  readonly folder: string
}

/** Plays one scenario on a stage of its own, from the first process to the last, then checks what was recorded. */
export async function runScenario(
  scenario: Scenario,
  count: number,
  { cast = {}, strict = false }: { readonly cast?: Partial<Cast>; readonly strict?: boolean } = {},
): Promise<ScenarioResult> {
  const begun = performance.now()
  const stage = openStage(scenario.id.toLowerCase())
  const played = await attempt(stage, scenario, { count, strict, cast: { ...CAST, ...cast } })
  const holds = played.failure === null && played.verdicts.every((verdict) => verdict.state === 'HOLDS')
  await stage.close({ keep: !holds })
  const { id, title } = scenario
  return { id, title, count, seconds: Math.round((performance.now() - begun) / 1_000), ...played, holds, folder: stage.folder }
}

async function attempt(
  stage: Stage,
  scenario: Scenario,
  { count, strict, cast }: { readonly count: number; readonly strict: boolean; readonly cast: Cast },
): Promise<Pick<ScenarioResult, 'verdicts' | 'failure'>> {
  try {
    const demands = scenario.demands(count)
    writeFileSync(join(stage.folder, FILES.demands), JSON.stringify(demands))
    const theatre = await openTheatre(stage, cast)
    const failure = await scenario.play(theatre, count).then(
      () => null,
      (error: unknown) => String(error),
    )
    await settle(theatre)
    const verdicts = check(readHistory(stage.folder), demands, { strict })
    return { verdicts, failure }
  } catch (error) {
    return { verdicts: [], failure: String(error) }
  }
}
