/**
 * What stops an evaluation. Never leaves this folder: `evaluate` answers with its message. No Error: collecting a stack takes longer than
 * the evaluation, and `exists` may go on after thousands of these.
 */
export class EvaluationStop {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/** Not to be forgiven by `||` and `&&`, as others are. */
export class OutOfSteps extends EvaluationStop {}

/** What forgiving costs, in steps: catching takes that much longer than evaluating. */
export const FORGIVING = 50
