/** How the work of a kind fails: what a person reads, a code for rules, and whether trying again may help. */
export class WorkFailure extends Error {
  override readonly name: string = 'WorkFailure'
  readonly code: string
  readonly retriable: boolean

  constructor(code: string, message: string, retriable: boolean) {
    super(message)
    this.code = code
    this.retriable = retriable
    // It would tell of our own code, and of the work nothing.
    delete this.stack
  }
}
