import type { FinalRunState, InstanceState, RunState } from '@carillon/core'
import {
  Ban,
  CircleCheck,
  CircleDashed,
  Clock,
  Hand,
  Hourglass,
  LoaderCircle,
  OctagonX,
  RotateCw,
  StepForward,
  Unplug,
  type LucideIcon,
} from 'lucide-react'
import { defineTexts } from '../i18n/texts.ts'

/** Everything that a run, an instance or an attempt can be in, as people see it. */
export type StateWord = RunState | InstanceState | FinalRunState | 'RETRYING'

/** A colour of `app.css`, an icon and an outline: no state is told by its colour alone. */
interface Look {
  readonly tone: string
  readonly icon: LucideIcon
  readonly outline: 'solid' | 'dashed' | 'dotted' | 'thick'
  readonly moves?: true
}

export const STATE_LOOKS: Readonly<Record<StateWord, Look>> = {
  WAITING: { tone: 'pending', icon: Clock, outline: 'dashed' },
  PENDING: { tone: 'pending', icon: CircleDashed, outline: 'dashed' },
  RESERVED: { tone: 'queued', icon: Clock, outline: 'solid' },
  RUNNING: { tone: 'running', icon: LoaderCircle, outline: 'solid', moves: true },
  PAUSED: { tone: 'blocked', icon: Hand, outline: 'solid' },
  SUCCESS: { tone: 'success', icon: CircleCheck, outline: 'solid' },
  FAILED: { tone: 'failed', icon: OctagonX, outline: 'thick' },
  TIMEOUT: { tone: 'timeout', icon: Hourglass, outline: 'thick' },
  CANCELLED: { tone: 'cancelled', icon: Ban, outline: 'solid' },
  SKIPPED: { tone: 'skipped', icon: StepForward, outline: 'dotted' },
  LOST: { tone: 'failed', icon: Unplug, outline: 'dashed' },
  RETRYING: { tone: 'retrying', icon: RotateCw, outline: 'dashed' },
}

/** What needs a look first, then what is under way, then what is over. */
export const STATES_BY_NEED: readonly StateWord[] = [
  'FAILED',
  'TIMEOUT',
  'LOST',
  'RUNNING',
  'RETRYING',
  'RESERVED',
  'PENDING',
  'WAITING',
  'PAUSED',
  'CANCELLED',
  'SUCCESS',
  'SKIPPED',
]

export const stateTexts = defineTexts('states', {
  en: {
    WAITING: 'Waiting',
    PENDING: 'Pending',
    RESERVED: 'Assigned',
    RUNNING: 'Running',
    PAUSED: 'Paused',
    SUCCESS: 'Succeeded',
    FAILED: 'Failed',
    TIMEOUT: 'Timed out',
    CANCELLED: 'Cancelled',
    SKIPPED: 'Skipped',
    LOST: 'Lost',
    RETRYING: 'Retrying',
  },
  zh: {
    WAITING: '等待',
    PENDING: '待执行',
    RESERVED: '已分配',
    RUNNING: '运行中',
    PAUSED: '已暂停',
    SUCCESS: '成功',
    FAILED: '失败',
    TIMEOUT: '超时',
    CANCELLED: '已取消',
    SKIPPED: '已跳过',
    LOST: '失联',
    RETRYING: '重试中',
  },
})
