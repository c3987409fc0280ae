import type { RunningServer } from '@carillon/server'
import type { Terminal } from './terminal.ts'

/** What was generated at the very first start. It is stored nowhere in clear, so this is the one time it can be read. */
export function sayFirstAccess(terminal: Terminal, access: NonNullable<RunningServer['firstAccess']>): void {
  terminal.say(
    [
      '',
      terminal.tint('bold', 'First start. Keep these; they are shown this once:'),
      `  administrator  ${access.login}`,
      `  password       ${access.password}`,
      `  token          ${access.token}`,
      'Sign in to the console with name and password; the API and the command go by the token.',
      '',
    ].join('\n'),
  )
}
