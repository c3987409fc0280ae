import { settingsFromParams, type Handler } from '@carillon/executor'
import { createChatHandler } from './chat-handler.ts'
import { NOWHERE_PRIVATE, type EgressOptions } from './egress.ts'
import { createEmailHandler } from './email-handler.ts'
import { createExportHandler } from './export-handler.ts'
import { inboxHandler } from './inbox-handler.ts'
import { createReportHandler } from './report-handler.ts'
import { createScriptHandler, type ScriptHandlerOptions } from './script-handler.ts'
import { createSmsHandler, type SmsOptions } from './sms-handler.ts'
import { sqlHandler } from './sql-handler.ts'
import { syncHandler } from './sync-handler.ts'
import { createWebhookHandler } from './webhook-handler.ts'

export { createContainerRunner, type ContainerRunner, type ContainerRunnerOptions } from './containers/container-runner.ts'
export type { ContainerEngine, ContainerSettings } from './containers/container.ts'
export { dockerAddress } from './containers/docker/docker-address.ts'
export { DockerEngine, type DockerOptions } from './containers/docker/docker-engine.ts'
export { kubernetesCluster, type Cluster } from './containers/kubernetes/kube-config.ts'
export { KubernetesEngine, type KubernetesOptions } from './containers/kubernetes/kubernetes-engine.ts'
export { Rejected } from './deliver.ts'
export { createScriptHandler, SCRIPT_LANGUAGES, type ScriptHandlerOptions, type ScriptSettings } from './script-handler.ts'
export type { SmsMessage, SmsProvider } from './sms-handler.ts'
export { sqlHandler, type SqlSettings } from './sql-handler.ts'

/**
 * What an executor does only where whoever starts it allows it: the kinds `script` and `sql`, and the handlers of the platform's presets.
 * `message` is e-mail, inbox, webhook, chat and SMS.
 */
export const RUNNER_KINDS = ['script', 'sql', 'export', 'report', 'sync', 'message'] as const
export type RunnerKind = (typeof RUNNER_KINDS)[number]

export interface RunnerOptions extends ScriptHandlerOptions, SmsOptions {
  /** Where messages of a tenant may go. Default: public addresses alone. */
  readonly egressOf?: EgressOptions['egressOf']
  /** Where exports and reports go; each tenant has a folder of its own in it. */
  readonly files?: string | undefined
}

/**
 * Handlers of what is allowed.
 *
 * @example createExecutor({ server, token, app: 'runners', handlers: runnerHandlers(['sql']) })
 */
export function runnerHandlers(allowed: readonly RunnerKind[], given: RunnerOptions = {}): Handler[] {
  const options = { egressOf: () => NOWHERE_PRIVATE, ...given }
  const make: Readonly<Record<RunnerKind, () => Handler[]>> = {
    script: () => [createScriptHandler(options)],
    sql: () => [sqlHandler],
    export: () => [createExportHandler(options)],
    report: () => [createReportHandler(options)],
    sync: () => [syncHandler],
    message: () => [
      createEmailHandler(options),
      inboxHandler,
      createWebhookHandler(options),
      createChatHandler(options),
      createSmsHandler(options),
    ],
  }
  return [...new Set(allowed)].flatMap((kind) => make[kind]()).map(settingsFromParams)
}
