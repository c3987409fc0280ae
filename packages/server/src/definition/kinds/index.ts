import { delay } from './delay.ts'
import { handler } from './handler.ts'
import { http } from './http.ts'
import type { Kind } from './kind.ts'
import { log } from './log.ts'

export type { Kind } from './kind.ts'

export const KINDS: ReadonlyMap<string, Kind> = new Map([handler, http, log, delay].map((kind) => [kind.name, kind]))
