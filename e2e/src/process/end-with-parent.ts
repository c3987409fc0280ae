/** Ends this process when the one that started it is gone: its end of our standard input closes with it. */
export function endWithParent(): void {
  process.stdin.resume().on('close', () => process.exit(0))
}

export const READY = 'READY '

/** The one line on standard output that the parent waits for; what else is said there is log. */
export function sayReady(details: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${READY}${JSON.stringify(details)}\n`)
}
