import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Where a command writes: its answer to standard output, everything else (progress, hints, problems) to standard error. */
export interface Terminal {
  /** A person looks at standard error: progress may redraw its line. */
  readonly interactive: boolean
  /** Columns of standard output; null when it is no terminal, and nothing is cut to fit. */
  readonly columns: number | null
  /** A line, or several, of the answer. */
  print(text: string): void
  /** A line about what goes on. */
  say(text: string): void
  /** Writes to standard error without a line end. */
  draw(text: string): void
  /** Standard output may be coloured. */
  paint(style: Style, text: string): string
  /** Standard error may be coloured. */
  tint(style: Style, text: string): string
}

export function processTerminal(env: NodeJS.ProcessEnv = process.env): Terminal {
  const { stdout, stderr } = process
  const painter = (stream: NodeJS.WriteStream) => (style: Style, text: string) =>
    wantsColour(stream.isTTY, env) ? styleText(style, text) : text
  return {
    interactive: stderr.isTTY && env.TERM !== 'dumb',
    columns: stdout.isTTY ? stdout.columns : null,
    print: (text) => void stdout.write(`${text}\n`),
    say: (text) => void stderr.write(`${text}\n`),
    draw: (text) => void stderr.write(text),
    paint: painter(stdout),
    tint: painter(stderr),
  }
}

/** https://no-color.org: NO_COLOR, set to anything, turns colours off; FORCE_COLOR turns them on where there is no terminal. */
export function wantsColour(isTty: boolean, { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0') return true
  return isTty && TERM !== 'dumb'
}
