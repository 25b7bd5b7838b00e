import { Command, Option } from 'commander'
import { packageVersion } from '../events/software.ts'
import { setDefaultLog } from '../log.ts'
import { createCliLog, type Level, levels } from './cli-log.ts'
import { addBeat } from './commands/beat.ts'
import { addCall } from './commands/call.ts'
import { addDeadLetters } from './commands/dead-letters.ts'
import { addEvents } from './commands/events.ts'
import { addQueues } from './commands/queues.ts'
import { addRemoteControl } from './commands/remote-control.ts'
import { addWorker } from './commands/worker.ts'
import type { Io } from './io.ts'

const commands = [addWorker, addBeat, addCall, addQueues, addDeadLetters, addRemoteControl, addEvents]

/** The command line: which command runs with which options. */
export function createProgram(io: Io): Command {
  const program = new Command('colophon-celery')
    .description('Tasks that speak Celery: workers, schedules, dead letters, remote control.')
    .version(packageVersion())
    .option('-A, --app <file>', 'the module that exports the app')
    .option('-b, --broker <url>', 'for commands that need no tasks, in place of --app (CELERY_BROKER_URL)')
    .option('--result-backend <url>', 'the same for results (CELERY_RESULT_BACKEND)')
    .addOption(
      new Option('-l, --loglevel <level>', 'least level of log lines').choices(levels).default('info'),
    )
    .option('--json-logs', 'log lines as JSON')
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    })
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage.')
    .hook('preAction', () => {
      const { loglevel, jsonLogs } = program.opts<{ loglevel: Level; jsonLogs?: boolean }>()
      setDefaultLog(createCliLog(io.err, { level: loglevel, json: jsonLogs ?? false }))
    })
  for (const add of commands) add(program, io)
  return program
}
