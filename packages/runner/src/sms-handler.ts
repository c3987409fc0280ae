import { defineHandler, FatalError, type Egress, type Handler } from '@carillon/executor'
import { deliver, type DeliveryOutput, type Recipients } from './deliver.ts'
import type { EgressOptions } from './egress.ts'
import { post } from './post.ts'
import { assertTaken } from './webhook-handler.ts'

/**
 * Sends text messages through a provider: a plug-in that whoever starts the executor names.
 *
 * @example
 * // carillon executor --app presets --allow message --plugin ./acme-sms.mjs
 * export default { name: 'acme', send: async ({ to, text, id, account }) => { … } }
 */
export interface SmsProvider {
  readonly name: string
  /** Throws {@link Rejected} for a number that is not taken; anything else that it throws fails the attempt. */
  send(message: SmsMessage): Promise<void>
}

export interface SmsMessage {
  readonly to: string
  readonly text: string
  /** The same for every attempt. */
  readonly id: string
  /** What the secret of the account holds. */
  readonly account: string
  readonly signal: AbortSignal
}

export interface SmsParams {
  readonly provider?: string
  readonly account: string
  readonly to: Recipients
  readonly text: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly batchSize?: number
}

export interface SmsOptions {
  readonly smsProviders?: readonly SmsProvider[]
}

export function createSmsHandler({ egressOf, smsProviders = [] }: SmsOptions & EgressOptions): Handler {
  const plugged = new Map(smsProviders.map((provider) => [provider.name, provider]))
  return defineHandler({
    name: 'sms',
    run: (context): Promise<DeliveryOutput> => {
      const params = context.params as SmsParams
      const { provider: name = 'http', account, text } = params
      const own = httpProvider(egressOf(context.tenant))
      const provider = plugged.get(name) ?? (name === own.name ? own : undefined)
      if (!provider)
        throw new FatalError(`This executor has no SMS provider ${name}; it has ${[own.name, ...plugged.keys()].join(', ')}`, {
          code: 'SMS_PROVIDER',
        })
      return deliver(context, params, ({ to, id, fill }) =>
        provider.send({ to, text: fill(text), id, account, signal: context.signal }),
      )
    },
  })
}

/** For gateways that take JSON: posts `{ to, text, id }` to the account's address, with its headers. */
function httpProvider(egress: Egress): SmsProvider {
  return {
    name: 'http',
    async send({ to, text, id, account, signal }) {
      const { url, headers = {} } = accountOf(account)
      assertTaken(
        await post(url, JSON.stringify({ to, text, id }), {
          egress,
          signal,
          headers: { ...headers, 'idempotency-key': id },
        }),
      )
    },
  }
}

function accountOf(text: string): { url: string; headers?: Record<string, string> } {
  try {
    const account = JSON.parse(text) as { url?: unknown; headers?: Record<string, string> } | null
    if (typeof account?.url === 'string') return account as { url: string }
  } catch {
    // Said below, without what the secret holds.
  }
  throw new FatalError('The account should be JSON: {"url": "https://…", "headers": {…}}', { code: 'SMS_ACCOUNT' })
}
