import { describe, expect, test } from 'vitest'
import { TRIGGER_RULES, type TriggerRule } from './definition.ts'
import { applyTriggerRule, type RuleVerdict } from './trigger-rule.ts'

/** The table of docs/decisions/0004-dag-engine.md: three edges, and how many have passed on OK, FAILED, SKIPPED. */
const TABLE: readonly [string, Record<TriggerRule, RuleVerdict>][] = [
  //          ALL_SUCCESS           ALL_DONE           ONE_SUCCESS           ONE_FAILED           NONE_FAILED           ALWAYS
  ['0 0 0', verdicts('WAIT', 'WAIT', 'WAIT', 'WAIT', 'WAIT', 'WAIT')],
  ['1 0 0', verdicts('WAIT', 'WAIT', 'RUN', 'WAIT', 'WAIT', 'WAIT')],
  ['0 1 0', verdicts('WAIT', 'WAIT', 'WAIT', 'RUN', 'WAIT', 'WAIT')],
  ['0 0 1', verdicts('WAIT', 'WAIT', 'WAIT', 'WAIT', 'WAIT', 'WAIT')],
  ['1 1 0', verdicts('WAIT', 'WAIT', 'RUN', 'RUN', 'WAIT', 'WAIT')],
  ['3 0 0', verdicts('RUN', 'RUN', 'RUN', 'SKIP', 'RUN', 'RUN')],
  ['0 3 0', verdicts('SKIP', 'RUN', 'SKIP', 'RUN', 'SKIP', 'RUN')],
  ['0 0 3', verdicts('SKIP', 'SKIP', 'SKIP', 'SKIP', 'SKIP', 'RUN')],
  ['2 1 0', verdicts('SKIP', 'RUN', 'RUN', 'RUN', 'SKIP', 'RUN')],
  ['2 0 1', verdicts('SKIP', 'RUN', 'RUN', 'SKIP', 'RUN', 'RUN')],
  ['0 1 2', verdicts('SKIP', 'RUN', 'SKIP', 'RUN', 'SKIP', 'RUN')],
  ['1 1 1', verdicts('SKIP', 'RUN', 'RUN', 'RUN', 'SKIP', 'RUN')],
]

function verdicts(...row: readonly RuleVerdict[]) {
  return Object.fromEntries(TRIGGER_RULES.map((rule, index) => [rule, row[index]!])) as Record<TriggerRule, RuleVerdict>
}

describe.each(TRIGGER_RULES)('%s', (rule) => {
  test.each(TABLE)('of three edges, OK FAILED SKIPPED: %s', (counters, expected) => {
    const [ok, failed, skipped] = counters.split(' ').map(Number) as [number, number, number]
    expect(applyTriggerRule(rule, { total: 3, ok, failed, skipped })).toBe(expected[rule])
  })
  test('runs without upstream', () => {
    expect(applyTriggerRule(rule, { total: 0, ok: 0, failed: 0, skipped: 0 })).toBe('RUN')
  })
})
