import { describe, expect, test } from 'vitest'
import { divide, laneOf, type CapacityRule, type HeldWork, type Work } from './capacity.ts'

const A = { executorId: 1, instance: 'a', capacity: 10 }
const B = { executorId: 2, instance: 'b', capacity: 10 }
const REPORTS: Work = { lane: ['label:team=reports'], tenant: 'acme' }
const OTHER: Work = { lane: [], tenant: 'acme' }
const held = (work: Work, executorId: number, count: number): HeldWork => ({ ...work, executorId, count })
const reports = (rule: CapacityRule): CapacityRule => ({ label: 'team=reports', ...rule })

describe('the lane of a task', () => {
  const task = { code: 'nightly', labels: { team: 'reports', env: 'prod' } }
  test('has the words of the rules that speak of it, in order, each once', () => {
    const rules = [{ task: 'nightly', limit: 1 }, reports({ limit: 2 }), reports({ executor: 'a', reserve: 1 })]
    expect(laneOf(rules, task)).toEqual(['label:team=reports', 'task:nightly'])
  })
  test('is empty where none does', () => {
    expect(laneOf([{ task: 'hourly' }, { label: 'team=sales' }, { tenant: 'nightly' }], task)).toEqual([])
  })
})

describe('a limit', () => {
  test('over the app counts what all executors hold of the work, and nothing else', () => {
    const division = divide([reports({ limit: 5 })], [A, B], [held(REPORTS, 1, 2), held(REPORTS, 2, 2), held(OTHER, 1, 8)])
    expect(division.most(REPORTS)).toBe(1)
    expect(division.most(REPORTS, 1)).toBe(1)
    expect(division.most(OTHER)).toBe(Infinity)
  })
  test('counts what an executor holds that is no longer in service', () => {
    expect(divide([reports({ limit: 5 })], [A], [held(REPORTS, 9, 4)]).most(REPORTS)).toBe(1)
  })
  test('of one executor leaves the others alone', () => {
    const division = divide([reports({ executor: 'a', limit: 2 })], [A, B], [held(REPORTS, 1, 2), held(REPORTS, 2, 7)])
    expect([division.most(REPORTS, 1), division.most(REPORTS, 2)]).toEqual([0, Infinity])
  })
  test('of each executor is counted for each', () => {
    const division = divide([reports({ executor: '*', limit: 2 })], [A, B], [held(REPORTS, 1, 2), held(REPORTS, 2, 1)])
    expect([division.most(REPORTS, 1), division.most(REPORTS, 2), division.most(REPORTS)]).toEqual([0, 1, 1])
  })
  test('is never below nothing, whatever was given before there was a rule', () => {
    expect(divide([reports({ limit: 1 })], [A], [held(REPORTS, 1, 4)]).most(REPORTS)).toBe(0)
  })
  test('of a tenant goes by the tenant', () => {
    const division = divide([{ tenant: 'acme', limit: 1 }], [A], [held(REPORTS, 1, 1)])
    expect([division.most(OTHER), division.most({ ...OTHER, tenant: 'globex' })]).toEqual([0, Infinity])
  })
  test('that is used up while giving closes', () => {
    const division = divide([reports({ limit: 1 })], [A, B], [])
    division.give(REPORTS, 1)
    expect(division.most(REPORTS, 2)).toBe(0)
    expect(division.closedBy(REPORTS, 2)).toEqual(reports({ limit: 1 }))
  })
})

describe('a reservation', () => {
  test('keeps its places from all other work and is open to its own', () => {
    const division = divide([reports({ reserve: 4 })], [A, B], [held(OTHER, 1, 10), held(OTHER, 2, 6)])
    expect([division.most(OTHER), division.most(REPORTS)]).toEqual([0, Infinity])
  })
  test('keeps only as many as its work does not use already', () => {
    const division = divide([reports({ reserve: 4 })], [A, B], [held(REPORTS, 1, 3), held(OTHER, 1, 7)])
    expect(division.most(OTHER)).toBe(9)
  })
  test('stands beside another: what is over one is other work to the second', () => {
    const rules = [reports({ reserve: 2 }), { task: 'urgent', reserve: 3 }]
    const division = divide(rules, [A], [held(REPORTS, 1, 2)])
    expect(division.most(OTHER)).toBe(5)
    expect(division.most(REPORTS)).toBe(5)
    expect(division.most({ lane: ['task:urgent'], tenant: 'acme' })).toBe(8)
  })
  test('above what is there leaves nothing to others', () => {
    expect(divide([reports({ reserve: 30 })], [A, B], []).most(OTHER)).toBe(0)
  })
  test('on one executor is kept there alone', () => {
    const division = divide([reports({ executor: 'a', reserve: 4 })], [A, B], [held(OTHER, 1, 6)])
    expect([division.most(OTHER, 1), division.most(OTHER, 2)]).toEqual([0, Infinity])
    expect(division.closedBy(OTHER, 1)).toEqual(reports({ executor: 'a', reserve: 4 }))
  })
})
