import { defineHandler, FatalError, type Egress, type Handler } from '@carillon/executor'
import { createTransport, type Transporter } from 'nodemailer'
import { deliver, Rejected, type DeliveryOutput, type Recipients } from './deliver.ts'
import { judgedAddress, type EgressOptions } from './egress.ts'

export interface EmailParams {
  /** smtp://user:password@host:587, smtps://…; a password goes over TLS alone, unless the address ends in `?tls=off`. */
  readonly smtp: string
  readonly from: string
  readonly to: Recipients
  readonly subject: string
  readonly text?: string
  readonly html?: string
  readonly attachments?: readonly { readonly name: string; readonly content: string }[]
  readonly data?: Readonly<Record<string, unknown>>
  readonly batchSize?: number
}

const CONNECTIONS = 4
const CONNECT_MS = 15_000

/** Sends an e-mail to each recipient. `Message-ID` is the same for every attempt. */
export function createEmailHandler({ egressOf }: EgressOptions): Handler {
  return defineHandler({
    name: 'email',
    run: async (context): Promise<DeliveryOutput> => {
      const params = context.params as EmailParams
      const { subject, text, html, from, attachments = [] } = params
      if (text === undefined && html === undefined)
        throw new FatalError('The message needs text, html, or both', { code: 'PARAMS' })
      const transport = await connect(params.smtp, egressOf(context.tenant))
      const close = () => transport.close()
      context.signal.addEventListener('abort', close)
      try {
        return await deliver(context, params, async ({ to, id, fill, fillHtml }) => {
          await transport
            .sendMail({
              from,
              // As an object it is one address, whatever it holds.
              to: { name: '', address: to },
              messageId: `<${id}@carillon>`,
              subject: fill(subject),
              ...(text !== undefined && { text: fill(text) }),
              ...(html !== undefined && { html: fillHtml(html) }),
              attachments: attachments.map(({ name, content }) => ({ filename: name, content })),
            })
            .catch((error: SmtpError) => {
              context.signal.throwIfAborted()
              throw failureOf(error)
            })
        })
      } finally {
        context.signal.removeEventListener('abort', close)
        close()
      }
    },
  })
}

async function connect(smtp: string, egress: Egress): Promise<Transporter> {
  const url = URL.canParse(smtp) ? new URL(smtp) : null
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol))
    throw new FatalError('The mail server should be smtp://user:password@host:587, or smtps://…', { code: 'SMTP_SERVER' })
  const secure = url.protocol === 'smtps:'
  const user = decodeURIComponent(url.username)
  return createTransport({
    host: await judgedAddress(url.hostname, egress),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    ...{ secure, pool: true, maxConnections: CONNECTIONS, connectionTimeout: CONNECT_MS, greetingTimeout: CONNECT_MS },
    tls: { servername: url.hostname },
    ...(user !== '' && { auth: { user, pass: decodeURIComponent(url.password) } }),
    requireTLS: user !== '' && url.searchParams.get('tls') !== 'off',
    // What a tenant writes into a message never makes this machine read a file or an address.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  })
}

type SmtpError = Error & { readonly code?: string; readonly responseCode?: number; readonly command?: string }

/** 5xx about this recipient or message is final for it; a wrong password is final for all; anything else may pass. */
function failureOf(error: SmtpError): Error {
  const { code, responseCode = 0, command = '' } = error
  if (code === 'EAUTH') return new FatalError(`The mail server refuses the user: ${error.message}`, { code: 'SMTP_AUTH' })
  const isAboutMessage = ['RCPT TO', 'MAIL FROM', 'DATA', 'API'].includes(command) || code === 'EENVELOPE' || code === 'EMESSAGE'
  if (responseCode >= 500 && isAboutMessage) return new Rejected(error.message)
  return Object.assign(new Error(`The mail server: ${error.message}`), { code: 'SMTP_FAILED' })
}
