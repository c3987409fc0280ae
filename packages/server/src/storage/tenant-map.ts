/** What belongs to (tenant, key), looked up without making a name of the two: batches do this several times for each of their rows. */
export class TenantMap<Key extends number | string, Value> {
  readonly #tenants = new Map<number, Map<Key, Value>>()

  /** Of rows by their key; of several with the same the last. */
  static of<Key extends number | string, Row extends { readonly tenantId: number }>(
    rows: readonly Row[],
    keyOf: (row: Row) => Key,
  ): TenantMap<Key, Row> {
    const map = new TenantMap<Key, Row>()
    for (const row of rows) map.set(row.tenantId, keyOf(row), row)
    return map
  }

  get(tenantId: number, key: Key): Value | undefined {
    return this.#tenants.get(tenantId)?.get(key)
  }

  has(tenantId: number, key: Key): boolean {
    return this.#tenants.get(tenantId)?.has(key) ?? false
  }

  set(tenantId: number, key: Key, value: Value): void {
    const known = this.#tenants.get(tenantId)
    if (known) known.set(key, value)
    else this.#tenants.set(tenantId, new Map([[key, value]]))
  }

  values(): Value[] {
    return [...this.#tenants.values()].flatMap((known) => [...known.values()])
  }
}
