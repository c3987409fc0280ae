import { afterAll, beforeAll, expect, test } from 'vitest'
import { check } from '../check/check.ts'
import { openStage } from '../harness/stage.ts'
import type { Demands } from '../record/demands.ts'
import { readHistory } from '../record/history.ts'
import { SCENARIOS } from './all.ts'
import type { Scenario } from './scenario.ts'
import { settle } from './settle.ts'
import { CAST, openTheatre, type Theatre } from './theatre.ts'

/** The faults themselves are demanded by each scenario's play, which ends only when they have been. */
const DEMANDS: Demands = { events: {}, fires: 300, accepted: 300, acknowledged: 30, figures: {} }

// One system lives through a short cut of every fault; `npm run chaos` gives each a system of its own and the full count.

const stage = openStage('test')
let theatre: Theatre
/** Its records are kept unless all is well. */
let wrong = true
beforeAll(async () => {
  theatre = await openTheatre(stage, CAST)
})
afterAll(() => stage.close({ keep: wrong }))

for (const { id, title, play, counts } of SCENARIOS.filter(playable)) {
  test(`the system goes on working under ${id}: ${title}`, () => play(theatre, counts.short))
}

test('afterwards the records hold: nothing lost, nothing twice, nothing accepted late, nothing stuck', async () => {
  await settle(theatre)
  const verdicts = check(readHistory(stage.folder), DEMANDS)
  expect(
    verdicts.filter(({ state }) => state !== 'HOLDS'),
    `the records are in ${stage.folder}`,
  ).toEqual([])
  wrong = false
})

/** A database server that belongs to others is not killed. */
function playable({ id }: Scenario): boolean {
  return id !== 'F10' || !process.env.CARILLON_TEST_DATABASE_URL
}
