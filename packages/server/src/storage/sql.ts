/**
 * A statement with a name. Every statement of the server is one of these, in the file of its table, so that it has one home, is prepared
 * once per connection under its name, and can be checked against the migrated schema by a test that prepares them all.
 */
export interface Statement {
  readonly name: string
  readonly text: string
}

const registry = new Map<string, Statement>()

/** Declares a statement. The name says table and verb: `instance.reserve`, `scheduleDue.lockSleeping`. */
export function sql(name: string, text: string): Statement {
  if (registry.has(name)) throw new Error(`The statement ${name} is declared twice.`)
  const statement = { name, text }
  registry.set(name, statement)
  return statement
}

export function allStatements(): readonly Statement[] {
  return [...registry.values()]
}

/** States (or other constants of our own tables, never input) as an SQL list: `'PENDING', 'WAITING'`. */
export function literals(values: readonly string[]): string {
  return values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ')
}
