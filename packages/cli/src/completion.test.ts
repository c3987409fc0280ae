import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { completionScript, completionsOf, SHELLS } from './completion.ts'
import { createProgram } from './program.ts'
import { recorder } from './testing/run.ts'

const completions = completionsOf(createProgram({ terminal: recorder().terminal, env: {} }))

/** What bash offers when Tab is pressed behind these words. */
function offered(...words: string[]): string[] {
  const line = ['carillon', ...words].map((word) => `'${word}'`).join(' ')
  const script = `${completionScript('bash', completions)}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _carillon; echo "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split(' ').filter(Boolean)
}

test('bash completes commands, their subcommands, kinds and options', () => {
  expect(offered('pre')).toEqual(['preview'])
  expect(offered('token', '')).toEqual(['create', 'list', 'revoke', '--help'])
  expect(offered('get', 'sch')).toEqual(['schedules'])
  expect(offered('trigger', 'some-task', '--fo')).toEqual(['--force', '--follow'])
  expect(offered('token', 'create', 'ci', '--ro')).toEqual(['--role'])
})

test('every command that there is can be completed', () => {
  const program = createProgram({ terminal: recorder().terminal, env: {} })
  for (const { commands } of [program, ...program.commands]) {
    for (const command of commands) expect([...completions.words.values()].flat()).toContain(command.name())
  }
})

test.each(SHELLS)('the script for %s names every top-level command', (shell) => {
  const script = completionScript(shell, completions)
  for (const word of completions.words.get('')!) expect(script).toContain(word)
})
