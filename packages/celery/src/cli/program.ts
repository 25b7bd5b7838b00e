import { Command } from 'commander'
import { packageVersion } from '../events/software.ts'
import { setDefaultLog } from '../log.ts'
import { createCliLog, type Level, levelOf, levels } from './cli-log.ts'
import { addBeat } from './commands/beat.ts'
import { addCall } from './commands/call.ts'
import { addDeadLetters } from './commands/dead-letters.ts'
import { addEvents } from './commands/events.ts'
import { addQueues } from './commands/queues.ts'
import { addRemoteControl } from './commands/remote-control.ts'
import { addWorker } from './commands/worker.ts'
import type { Io } from './io.ts'

const commands = [addWorker, addBeat, addCall, addQueues, addDeadLetters, addRemoteControl, addEvents]

const exitCodes =
  'Exit codes: 0 done, 1 failed (no server, no answer or refusals alone, nothing of that name, a task that failed), 2 wrong usage.'

/** The command line: which command runs with which options. */
export function createProgram(io: Io): Command {
  const program = new Command('colophon-celery')
    .description('Tasks that speak Celery: workers, schedules, dead letters, remote control.')
    .version(packageVersion())
    .option('-A, --app <file>', 'the module that exports the app')
    .option('-b, --broker <url>', 'in place of --app, for commands that need no tasks (or CELERY_BROKER_URL)')
    .option('--result-backend <url>', 'where results are, beside --broker (or CELERY_RESULT_BACKEND)')
    .option('-l, --loglevel <level>', `least level of log lines: ${levels.join(', ')}`, levelOf, 'info')
    .option('--json-logs', 'log lines as JSON')
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    })
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .addHelpText('afterAll', `\n${exitCodes}`)
    .hook('preAction', () => {
      const { loglevel, jsonLogs } = program.opts<{ loglevel: Level; jsonLogs?: boolean }>()
      setDefaultLog(createCliLog(io.err, { level: loglevel, json: jsonLogs ?? false }))
    })
  for (const add of commands) add(program, io)
  return program
}
