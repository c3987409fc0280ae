/** What a scenario must have shown before "nothing wrong was seen" means anything. */
export interface Demands {
  /** How often these must stand in the nemesis log: a fault that did not bite proves nothing. */
  readonly events: Readonly<Record<string, number>>
  /** Ledger rows, accepted ends of attempts, acknowledged operations of clients. */
  readonly fires: number
  readonly accepted: number
  readonly acknowledged: number
  /** Most milliseconds: of `lateness`, how late a fire was decided, and of what the scenario timed. */
  readonly figures: Readonly<Record<string, number>>
}
