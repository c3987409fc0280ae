import { killServerNode } from './f01-kill-server-node.ts'
import { fireTogether } from './f03-fire-together.ts'
import { killExecutor } from './f04-kill-executor.ts'
import { stopServerNode } from './f05-stop-server-node.ts'
import { stopExecutor } from './f06-stop-executor.ts'
import { loseDatabase } from './f08-lose-database.ts'
import { killPostgres } from './f10-kill-postgres.ts'
import { cutAtCommit } from './f13-cut-at-commit.ts'
import { contradictReports } from './f18-contradict-reports.ts'
import type { Scenario } from './scenario.ts'

export const SCENARIOS: readonly Scenario[] = [
  killServerNode,
  fireTogether,
  killExecutor,
  stopServerNode,
  stopExecutor,
  loseDatabase,
  killPostgres,
  cutAtCommit,
  contradictReports,
]
