// A vitest reporter that leaves the numbers of a run in the file CARILLON_TEST_COUNTS, for test.mjs to print as the last line.
import { writeFileSync } from 'node:fs'

export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      for (const test of tests) counts[test.result().state] = (counts[test.result().state] ?? 0) + 1
      // A file that cannot be loaded, or whose hook fails, has failed although none of its tests did.
      if (module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed')) counts.failed += 1
    }
    if (counts.failed === 0 && unhandledErrors.length > 0) counts.failed = unhandledErrors.length
    writeFileSync(process.env.CARILLON_TEST_COUNTS, JSON.stringify(counts))
  }
}
