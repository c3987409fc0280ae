import { expect, test } from 'vitest'
import { startProgress } from './progress.ts'
import { recorder } from './testing/run.ts'

test('where nobody watches, each step is a plain line', () => {
  const { terminal, err } = recorder()
  const progress = startProgress(terminal)
  progress.step('Creating …')
  progress.step('Migrating …')
  progress.end('Done.')
  expect(err()).toBe('Creating …\nMigrating …\nDone.\n')
})

test('where a person watches, one line is redrawn and leaves no trace but the end', () => {
  const { terminal, err } = recorder({ interactive: true })
  const progress = startProgress(terminal)
  progress.step('Creating …')
  progress.end('Done.')
  expect(err()).toMatch(/^\r\x1b\[2K. Creating …\r\x1b\[2KDone\.\n$/)
})
