/** Where the executor itself says what people who run it should know. */
export interface ExecutorLog {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

const write = (level: string) => (message: string) =>
  void process.stderr.write(`${new Date().toISOString()} ${level} carillon: ${message}\n`)

export const stderrLog: ExecutorLog = { info: write('INFO'), warn: write('WARN'), error: write('ERROR') }
