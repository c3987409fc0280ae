import type { HandlerContext } from '@carillon/executor'
import type { ContainerSettings, ContainerWork, PullPolicy } from '../container.ts'
import { labelsOf, nameOf, type Identity } from '../identity.ts'

export const CONTAINER = 'main'
/** The kubelet keeps no more of the file in which a container says how it ended. */
export const OUTPUT_BYTES = 4096
const OUTPUT_FILE = '/dev/termination-log'
const PARAMS_FOLDER = '/carillon'
const PARAMS_KEY = 'params.json'
/** A Job whose executor is gone is removed by the cluster this long after its end. */
const TTL_SECONDS = 3600
/** The server's time-out strikes first; this is for a Job whose executor is gone. */
const DEADLINE_SLACK_SECONDS = 60

const PULL: Readonly<Record<PullPolicy, string>> = { 'if-missing': 'IfNotPresent', always: 'Always', never: 'Never' }

interface Manifest {
  readonly metadata: { readonly name: string; readonly [key: string]: unknown }
  readonly [key: string]: unknown
}

export interface Manifests {
  /** Suspended: what it needs is made after it, as its own, so that nothing is ever left without an owner. */
  readonly job: Manifest
  /** To be owned by the Job: environment and parameters, and who pulls the image. */
  readonly secrets: readonly Manifest[]
}

/**
 * What is asked of Kubernetes. Nothing in it comes from the settings that could reach out of the container: no mounts but its own, no name
 * spaces of the node, no capabilities, no way to gain any, and no token of a service account that was not named.
 */
export function manifestsOf(work: ContainerWork, context: HandlerContext, identity: Identity): Manifests {
  const name = nameOf(context, identity)
  const labels = labelsOf(context, identity)
  const annotations = { 'carillon.executor-name': identity.text, 'carillon.task': context.task }
  const { registry } = work.settings
  const pullSecret = registry === undefined ? [] : [pullSecretOf(`${name}-pull`, labels, work.image.registry, registry)]
  return {
    job: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, labels, annotations },
      spec: {
        suspend: true,
        backoffLimit: 0,
        ttlSecondsAfterFinished: TTL_SECONDS,
        ...(context.deadline !== null && { activeDeadlineSeconds: secondsUntil(context.deadline) }),
        template: { metadata: { labels, annotations }, spec: podOf(work, name, pullSecret) },
      },
    },
    secrets: [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, labels },
        type: 'Opaque',
        stringData: { ...work.env, [PARAMS_KEY]: work.params },
      },
      ...pullSecret,
    ],
  }
}

const secondsUntil = (deadline: number) => Math.max(1, Math.ceil((deadline - Date.now()) / 1000)) + DEADLINE_SLACK_SECONDS

function podOf(
  { settings, image, pullPolicy, env, killAfterMs }: ContainerWork,
  secret: string,
  pull: Manifests['secrets'],
): object {
  const { command, args, workdir, kubernetes: { serviceAccount, nodeSelector } = {} } = settings
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: Math.ceil(killAfterMs / 1000),
    enableServiceLinks: false,
    automountServiceAccountToken: serviceAccount !== undefined,
    ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount }),
    ...(nodeSelector && { nodeSelector }),
    ...(pull.length > 0 && { imagePullSecrets: pull.map(({ metadata }) => ({ name: metadata.name })) }),
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: CONTAINER,
        image: image.full,
        imagePullPolicy: PULL[pullPolicy],
        ...(command && { command: command.map(literally) }),
        ...(args && { args: args.map(literally) }),
        ...(workdir !== undefined && { workingDir: workdir }),
        env: [
          ...Object.keys(env).map((name) => ({ name, valueFrom: { secretKeyRef: { name: secret, key: name } } })),
          { name: 'CARILLON_PARAMS', value: `${PARAMS_FOLDER}/${PARAMS_KEY}` },
          { name: 'CARILLON_OUTPUT', value: OUTPUT_FILE },
        ],
        ...resourcesOf(settings),
        terminationMessagePath: OUTPUT_FILE,
        terminationMessagePolicy: 'File',
        securityContext: { privileged: false, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        volumeMounts: [{ name: 'carillon', mountPath: PARAMS_FOLDER, readOnly: true }],
      },
    ],
    volumes: [{ name: 'carillon', secret: { secretName: secret, items: [{ key: PARAMS_KEY, path: PARAMS_KEY }] } }],
  }
}

/** Kubernetes would put variables in the place of `$(NAME)`, among them secret ones where lists of processes show them. */
const literally = (word: string) => word.replaceAll('$', '$$$$')

function resourcesOf({ resources: { cpu, memoryMb } = {} }: ContainerSettings): object {
  const limits = {
    ...(cpu !== undefined && { cpu: `${Math.ceil(cpu * 1000)}m` }),
    ...(memoryMb !== undefined && { memory: `${memoryMb}Mi` }),
  }
  return Object.keys(limits).length === 0 ? {} : { resources: { limits, requests: limits } }
}

/** What Docker's own configuration calls its registry. */
const HUB = 'https://index.docker.io/v1/'

function pullSecretOf(
  name: string,
  labels: object,
  registry: string,
  { username, password }: NonNullable<ContainerSettings['registry']>,
): Manifest {
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  const config = { auths: { [registry === 'docker.io' ? HUB : registry]: { username, password, auth } } }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, labels },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': JSON.stringify(config) },
  }
}
