/** One statement of a script, with the line comments that stand before it. */
export interface Statement {
  sql: string
  /** Line comments directly before the statement, without their dashes. */
  comments: readonly string[]
  /** Line of the script on which the statement begins, from 1. */
  line: number
}

// Everything inside which a semicolon is no end of a statement. Strings with E may escape a quote by a backslash; comments nest once.
const opaque =
  /--([^\n]*)|\/\*(?:[^*/]|\*(?!\/)|\/(?!\*)|\/\*[\s\S]*?\*\/)*\*\/|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w$])\$(\w*)\$[\s\S]*?\$\2\$/y

/** Splits a script at its semicolons. It does not know `BEGIN ATOMIC … END` bodies: write those functions with `$$`. */
export function splitSql(script: string): Statement[] {
  const statements: Statement[] = []
  let comments: string[] = []
  let start = -1
  for (let at = 0; at <= script.length;) {
    opaque.lastIndex = at
    const skipped = opaque.exec(script)
    if (skipped?.[1] !== undefined && start < 0) comments.push(skipped[1].trim())
    const isComment = skipped !== null && /^(--|\/\*)/.test(skipped[0])
    if (start < 0 && !isComment && /[^\s;]/.test(script[at] ?? '')) start = at
    if (skipped !== null) {
      at += skipped[0].length
      continue
    }
    if (start >= 0 && (at === script.length || script[at] === ';')) {
      statements.push({ sql: script.slice(start, at).trim(), comments, line: lineAt(script, start) })
      start = -1
      comments = []
    }
    at += 1
  }
  return statements
}

/** The line (from 1) on which the character at `offset` stands. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
