import type { Command } from 'commander'
import type { Beat } from '../../beat/index.ts'
import type { Celery } from '../../create-celery.ts'
import type { Log } from '../../log.ts'
import { type Io, UsageError } from '../io.ts'
import type { AppOptions } from '../load-app.ts'
import { startPatiently } from '../start-patiently.ts'
import { stopOnSignals } from '../stop-on-signals.ts'
import { table } from '../table.ts'
import { unknownCommand } from '../unknown-command.ts'
import { withApp } from './context.ts'

/** Sends tasks by schedule, and looks after the schedules. */
export function addBeat(program: Command, io: Io): void {
  const group = program
    .command('beat')
    .description('send tasks by schedule; list, pause, resume, trigger entries')

  group
    .command('start', { isDefault: true })
    .description('send what is due, until it is stopped; start as many as you like')
    .allowExcessArguments()
    .action(async (_options: object, command: Command) => {
      const [unknown] = command.args
      if (unknown !== undefined) {
        const known = group.commands.map((one) => one.name())
        throw unknownCommand('beat', unknown, known)
      }
      await withBeat(command, io, (beat, app) => runBeat(io, beat, app.options.log))
    })

  group
    .command('list')
    .description('every entry, with when it was last sent, by hand too, and its next run')
    .option('--json', 'one JSON document a line')
    .action(async (options: { json?: boolean }, command: Command) => {
      await withBeat(command, io, async (beat) => {
        const entries = await beat.list()
        if (options.json) for (const entry of entries) io.out(JSON.stringify(entry))
        else for (const line of listed(entries)) io.out(line)
      })
    })

  addChanges(group, io)
}

/** What is done to one entry. */
function addChanges(group: Command, io: Io): void {
  for (const [name, description, done] of [
    ['pause', 'send its runs no more, in any scheduler', 'paused'],
    ['resume', 'send its runs again', 'resumed'],
    ['trigger', 'have it sent now; its schedule goes on as before', 'triggered'],
  ] as const) {
    group
      .command(name)
      .description(description)
      .argument('<entry>', "the entry's name")
      .action(async (entry: string, _options: object, command: Command) => {
        await withBeat(command, io, async (beat) => {
          const known = await beat.list()
          if (!known.some((one) => one.name === entry))
            throw new Error(`there is no entry ${entry}: entries are known once a beat has been started`)
          await beat[name](entry)
        })
        io.out(`${entry}: ${done}`)
      })
  }
}

/** Until a signal ends it, which the log tells as it does of a worker. */
async function runBeat(io: Io, beat: Beat, log: Log): Promise<void> {
  const stopping = new AbortController()
  stopping.signal.addEventListener('abort', () => log.info({}, 'beat: stops'))
  const endSignals = stopOnSignals(io, beat, stopping)
  try {
    await startPatiently(() => beat.start(), { log, stopping: stopping.signal })
    await beat.done
    log.info({}, 'beat: has stopped')
  } finally {
    endSignals()
  }
}

async function withBeat(
  command: Command,
  io: Io,
  work: (beat: Beat, app: Celery) => Promise<void>,
): Promise<void> {
  if (command.optsWithGlobals<AppOptions>().app === undefined)
    throw new UsageError('schedules are those of an app: give --app FILE')
  await withApp(command, io, async (app, { beat }) => {
    if (!beat) {
      throw new UsageError('--app exports no schedules: export const beat = createBeat(app, { ... })')
    }
    try {
      await work(beat, app)
    } finally {
      await beat.stop()
    }
  })
}

function listed(entries: Awaited<ReturnType<Beat['list']>>): string[] {
  if (entries.length === 0) return ['no entries: they are known once a beat has been started']
  const time = (date: Date | undefined) => date?.toISOString() ?? '-'
  const rows = entries.map(({ name, schedule, lastSent, next, paused }) => [
    name,
    time(lastSent),
    paused ? 'paused' : time(next),
    schedule,
  ])
  return table([['ENTRY', 'LAST', 'NEXT', 'SCHEDULE'], ...rows])
}
