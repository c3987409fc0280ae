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
      'The API and the command go by the token. The password is for signing in to the console, which is not here yet.',
      '',
    ].join('\n'),
  )
}
