import { Command, type ErrorOptions } from 'commander'

/** How people call the command in a clone; whatever is told to them says it so. */
export const CALL = 'npx carillon'

/** One line to copy for each command. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  dev: 'dev --port 7171',
  server: 'server --set port=7171',
  executor: 'executor --app runners --allow script,sql',
  migrate: 'migrate --config carillon.yaml',
  dump: 'dump carillon.dump.gz',
  load: 'load carillon.dump.gz',
  login: 'login --server http://127.0.0.1:7070',
  'tenants create': "tenants create acme --name 'Acme Ltd'",
  'tenants update': 'tenants update acme --private-target 10.20.0.0/16 --private-target billing.internal',
  'tenants suspend': 'tenants suspend acme',
  'tenants activate': 'tenants activate acme',
  'token create': 'token create ci --role operator --expires 90d',
  'token list': 'token list --json',
  'token revoke': 'token revoke 2855706575241237',
  'secrets create': 'secrets create smtp-password < password.txt',
  'secrets list': 'secrets list',
  'secrets rotate': 'secrets rotate smtp-password < password.txt',
  'secrets delete': 'secrets delete smtp-password',
  'secrets rotate-key': 'secrets rotate-key --config carillon.yaml',
  get: 'get tasks -f label=team=billing',
  describe: 'describe task weather-report-seattle',
  apply: 'apply -f definitions/',
  diff: 'diff -f definitions/ --exit-code',
  delete: 'delete dag nightly-report',
  export: 'export --to definitions/',
  'import xxl-job': 'import xxl-job --dump xxl_job.sql.gz --timezone Asia/Shanghai',
  'dag-templates copy': "dag-templates copy platform.report daily-sales --name 'Sales of the day'",
  versions: 'versions invoices',
  activate: 'activate invoices 3',
  rollback: 'rollback invoices',
  gray: 'gray invoices 4 --percent 10',
  'dry-run': 'dry-run invoices -p day=2026-01-31 --outcome send=FAILED',
  trigger: 'trigger weather-report-seattle -p location=Seattle --follow',
  runs: 'runs --task weather-report-seattle --state FAILED',
  logs: 'logs 2855706575241237 --follow',
  cancel: 'cancel 2855706575241237',
  pause: 'pause 2855706575241237',
  resume: 'resume 2855706575241237',
  enable: 'enable task weather-report-seattle',
  disable: 'disable dag nightly-report',
  retry: 'retry 2855706575241237 --from-failed',
  approve: "approve 2855706575241237/sign --comment 'As agreed'",
  reject: "reject 2855706575241237/sign --comment 'Too many'",
  skip: 'skip 2855706575241237/report',
  'run-now': 'run-now 2855706575241237/pause',
  event: 'event paid --key A-17 -p by=card',
  backfill: 'backfill weather-every-hour --from 2026-01-01 --to 2026-02-01 --per-minute 10',
  purge: 'purge --task weather-report-seattle --before 30d',
  preview: "preview '0 0 2 ? * MON-FRI' --zone Asia/Shanghai",
  'apps pause': "apps pause billing --reason 'month end'",
  'apps resume': 'apps resume billing',
  'apps drain': "apps drain billing --reason 'new release'",
  'apps maintenance': "apps maintenance billing --reason 'new disk'",
  'apps offline': "apps offline billing --reason 'moved away'",
  'apps online': 'apps online billing',
  'apps history': 'apps history billing',
  'executors register':
    'executors register legacy-1 --app billing --address https://legacy.example.com --health-url https://legacy.example.com/health --handler invoice --capacity 5',
  'executors register-xxl-job': 'executors register-xxl-job http://10.0.0.1:9999 --app order-service < token.txt',
  'executors update': 'executors update billing/legacy-1 --capacity 10',
  'executors drain': "executors drain 52006 --reason 'new release'",
  'executors maintenance': "executors maintenance 52006 --reason 'new disk'",
  'executors offline': "executors offline 52006 --reason 'moved away'",
  'executors online': 'executors online 52006',
  'executors history': 'executors history 52006',
  'executors show': 'executors show billing/worker-1',
  'executors delete': 'executors delete billing/worker-1',
  'scheduler status': 'scheduler status',
  'scheduler start': 'scheduler start',
  'scheduler stop': 'scheduler stop',
  'scheduler drain': 'scheduler drain',
  'scheduler restart': 'scheduler restart',
  completion: 'completion bash',
}

/** A command that tells a slip with its own name, what it takes, and an example. */
export class CarillonCommand extends Command {
  override createCommand(name?: string): CarillonCommand {
    return new CarillonCommand(name)
  }

  override error(message: string, options?: ErrorOptions): never {
    const path = pathOf(this)
    const example = EXAMPLES[path] ?? `${path} --help`.trim()
    const lines = [
      `error: ${['carillon', path].filter(Boolean).join(' ')}: ${plain(this, message)}`,
      `  usage:   ${[CALL, path, this.usage()].filter(Boolean).join(' ')}`,
      `  example: ${CALL} ${example}`,
    ]
    return super.error(lines.join('\n'), options)
  }
}

/** `token create`; empty for the command itself. */
function pathOf(command: Command): string {
  return command.parent === null ? '' : [pathOf(command.parent), command.name()].filter(Boolean).join(' ')
}

/** What the library says, in words for people who know no "command-argument value". */
function plain({ registeredArguments, options, parent }: Command, message: string): string {
  const text = message.replace(/^error: /, '')
  const early = /^unknown option '(--(?:server|token|tenant|json))/.exec(text)?.[1]
  if (early !== undefined && parent === null) return `${early} belongs behind the command`
  const missing = /^missing required argument '(.+)'$/.exec(text)?.[1]
  if (missing !== undefined)
    return withMeaning(`<${missing}> is missing`, registeredArguments.find((each) => each.name() === missing)?.description)
  const wrong = /^command-argument value '([^]*)' is invalid for argument '(.+)'\. ([^]*)$/.exec(text)
  if (wrong) return `'${wrong[1]}' is no <${wrong[2]}>. ${wrong[3]}`
  const required = /^required option '(.+)' not specified$/.exec(text)?.[1]
  if (required === undefined) return text
  const option = options.find(({ flags }) => flags === required)
  return withMeaning(
    `the option ${required} is missing`,
    option?.argChoices ? `one of ${option.argChoices.join(', ')}` : option?.description,
  )
}

function withMeaning(what: string, meaning: string | undefined): string {
  return meaning ? `${what}: ${meaning}` : what
}
