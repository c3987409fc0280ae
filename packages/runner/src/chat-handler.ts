import { defineHandler, FatalError, type Handler } from '@carillon/executor'
import type { EgressOptions } from './egress.ts'
import { deliver, Rejected, type DeliveryOutput } from './deliver.ts'
import { post } from './post.ts'
import { assertTaken } from './webhook-handler.ts'

/** What the chat services want to be sent. */
const BODIES = {
  slack: (text: string) => ({ text }),
  discord: (text: string) => ({ content: text }),
  teams: (text: string) => ({ type: 'message', text }),
  feishu: (text: string) => ({ msg_type: 'text', content: { text } }),
  dingtalk: (text: string) => ({ msgtype: 'text', text: { content: text } }),
  wecom: (text: string) => ({ msgtype: 'text', text: { content: text } }),
} as const

export interface ChatParams {
  readonly webhook: string
  readonly format: keyof typeof BODIES
  readonly text: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** Posts a message to the webhook of a group. The address is a secret, so it is told nowhere. */
export function createChatHandler({ egressOf }: EgressOptions): Handler {
  return defineHandler({
    name: 'chat',
    run: (context): Promise<DeliveryOutput> => {
      const { webhook, format, text, data = {} } = context.params as ChatParams
      if (!Object.hasOwn(BODIES, format))
        throw new FatalError(`The format is one of ${Object.keys(BODIES).join(', ')}`, { code: 'PARAMS' })
      return deliver(context, { to: [format], data }, async ({ id, fill }) => {
        const body = JSON.stringify(BODIES[format](fill(text)))
        const answer = await post(webhook, body, {
          egress: egressOf(context.tenant),
          signal: context.signal,
          headers: { 'idempotency-key': id },
        })
        assertTaken(answer)
        assertAccepted(answer.text)
      })
    },
  })
}

/** Feishu, DingTalk and WeCom answer 200 to what they refuse, and say so in the body. */
function assertAccepted(text: string): void {
  const answer = jsonOf(text)
  const code = answer?.['errcode'] ?? answer?.['code'] ?? 0
  if (code !== 0) throw new Rejected(`answered ${JSON.stringify(answer).slice(0, 200)}`)
}

function jsonOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
