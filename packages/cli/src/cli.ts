import type { Terminal } from './terminal.ts'

/** What every command is given. */
export interface Cli {
  readonly terminal: Terminal
  readonly env: NodeJS.ProcessEnv
  /** Default: the process's. */
  readonly stdin?: NodeJS.ReadableStream & { readonly isTTY?: boolean }
}
