/**
 * A column of a batch as PostgreSQL reads an array. The driver would quote every number and look through it for characters to escape,
 * which in large batches cost more than the rest of the statement's way to the database. Only for what cannot contain such characters.
 */
export function plainColumn(values: readonly (number | boolean | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}

export const column = <Row, Key extends keyof Row>(rows: readonly Row[], key: Key): Row[Key][] => rows.map((row) => row[key])

/** Tenants and identifiers, as most batches begin. */
export const keyColumns = (rows: readonly { readonly tenantId: number; readonly id: number }[]): string[] => [
  plainColumn(column(rows, 'tenantId')),
  plainColumn(column(rows, 'id')),
]
