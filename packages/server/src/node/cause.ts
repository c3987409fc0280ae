/** What a log line says of an error. The error of a database client carries the whole client, its password included. */
export function causeOf(error: unknown): { code?: string; error: string; stack?: string } {
  if (!(error instanceof Error)) return { error: String(error) }
  const { code } = error as { code?: unknown }
  return {
    ...(typeof code === 'string' ? { code } : {}),
    error: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  }
}
