import { Client, type buildConnector } from 'undici'
import type { ProbeResult } from '../lifecycle/check-health.ts'
import type { ConnectOf } from './pools.ts'
import { reasonOf } from './reason.ts'

export interface ProbeOptions {
  /** Dials only addresses that the egress rules allow. Default: any. */
  readonly connectOf?: ConnectOf
}

const LARGEST_ANSWER = 64 * 1024
const LONGEST_REASON = 500

/**
 * Asks a health URL once, over a connection of its own. A redirect is a failure that names where it leads: whoever set the URL is to set that
 * one, and it is judged like any other. Never throws.
 */
export function createProbe({ connectOf }: ProbeOptions = {}) {
  return async (text: string, signal: AbortSignal, { tenantId }: { readonly tenantId: number }): Promise<ProbeResult> => {
    const result = await ask(text, signal, connectOf?.(tenantId))
    return result.ok ? result : { ok: false, reason: result.reason.slice(0, LONGEST_REASON) }
  }
}

async function ask(text: string, signal: AbortSignal, connect: buildConnector.connector | undefined): Promise<ProbeResult> {
  let client: Client | undefined
  const leave = () => void client?.destroy()
  signal.addEventListener('abort', leave)
  try {
    const url = new URL(text)
    client = new Client(url.origin, {
      ...(connect && { connect }),
      ...{ headersTimeout: 0, bodyTimeout: 0, maxResponseSize: LARGEST_ANSWER },
    })
    const headers = { accept: 'application/json, text/plain;q=0.9', 'user-agent': 'carillon-health-check' }
    const response = await client.request({ method: 'GET', path: url.pathname + url.search, headers, signal })
    const { statusCode } = response
    if (statusCode >= 300 && statusCode < 400) return redirected(statusCode, response.headers.location)
    if (statusCode < 200 || statusCode > 299) return failed(`It answered ${statusCode}`)
    return judge(String(response.headers['content-type'] ?? ''), await response.body.text())
  } catch (error) {
    if (signal.aborted) return failed('It did not answer in time, or its answer did not end')
    const isLong = (error as { code?: unknown }).code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE'
    return failed(isLong ? `Its answer is longer than ${LARGEST_ANSWER} bytes` : reasonOf(error))
  } finally {
    signal.removeEventListener('abort', leave)
    void client?.destroy()
  }
}

const failed = (reason: string): ProbeResult => ({ ok: false, reason })

function redirected(status: number, location: string | string[] | undefined): ProbeResult {
  const where = location === undefined ? '' : ` to ${String(location)}`
  return failed(`It answered ${status}, a redirect${where}, which is not followed: register the address that it leads to`)
}

/** What frameworks write into `status` when they answer 200 all the same. */
const DOWN = new Set(['DOWN', 'OUT_OF_SERVICE', 'UNHEALTHY', 'FAIL', 'FAILED', 'ERROR', 'CRITICAL'])

function judge(type: string, body: string): ProbeResult {
  if (/^text\/html\b/i.test(type) || /^\s*<(!doctype|html)\b/i.test(body))
    return failed('It answered a web page, not a health check: is this the right address?')
  if (!/\bjson\b/i.test(type)) return { ok: true }
  let answer: unknown
  try {
    answer = JSON.parse(body)
  } catch {
    return failed('It answered JSON that cannot be read')
  }
  const status = typeof answer === 'object' && answer !== null ? (answer as { status?: unknown }).status : undefined
  return typeof status === 'string' && DOWN.has(status.toUpperCase())
    ? failed(`It answered that its status is ${status}`)
    : { ok: true }
}
