import { defineHandler, FatalError, type Handler } from '@carillon/executor'
import mustache from 'mustache'
import { fileOf, writeWhole } from './files.ts'

export interface ReportParams {
  readonly template: string
  readonly data: unknown
  readonly format?: 'text' | 'html'
  readonly file?: string
}

/** The longest document that is also the output; a longer one stands in its file alone. */
const MOST_TEXT = 100_000

/** Renders data by a Mustache template; with `file` it writes the document there too. */
export function createReportHandler({ files }: { readonly files?: string | undefined }): Handler {
  return defineHandler({
    name: 'report',
    run: async ({ params, tenant, log }): Promise<{ text: string | null; file: string | null; bytes: number }> => {
      const { template, data, format = 'text', file = null } = params as ReportParams
      const text = render(template, data, format)
      if (file === null && text.length > MOST_TEXT)
        throw new FatalError(`The document has ${text.length} characters; name a file for more than ${MOST_TEXT}`, {
          code: 'REPORT_SIZE',
        })
      if (file !== null) await writeWhole(fileOf(files, tenant, file), async (out) => void (await out.write(text)))
      log.info(`Rendered ${text.length} characters${file === null ? '' : ` into ${file}`}`)
      return { text: text.length > MOST_TEXT ? null : text, file, bytes: Buffer.byteLength(text) }
    },
  })
}

function render(template: string, data: unknown, format: 'text' | 'html'): string {
  try {
    return mustache.render(template, data, undefined, format === 'html' ? {} : { escape: String })
  } catch (error) {
    throw new FatalError(`The template: ${(error as Error).message}`, { code: 'REPORT_TEMPLATE' })
  }
}
