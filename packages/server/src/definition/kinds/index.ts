import { container } from './container.ts'
import { delay } from './delay.ts'
import { handler } from './handler.ts'
import { http } from './http.ts'
import type { Kind } from './kind.ts'
import { log } from './log.ts'
import { script } from './script.ts'
import { sql } from './sql.ts'
import { xxlJob } from './xxl-job.ts'

export type { Kind } from './kind.ts'

export const KINDS: ReadonlyMap<string, Kind> = new Map(
  [handler, http, script, sql, container, log, delay, xxlJob].map((kind) => [kind.name, kind]),
)
