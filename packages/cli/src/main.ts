#!/usr/bin/env node
import { runCli } from './index.ts'

// Whoever reads our output may stop doing so (`carillon runs | head`); that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const code = await runCli(process.argv.slice(2))
// What was printed gets out first; then nothing keeps the process, such as the loops of a node whose database is lost.
process.stdout.write('', () => process.exit(code))
