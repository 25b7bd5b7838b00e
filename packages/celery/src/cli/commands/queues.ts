import type { Command } from 'commander'
import { knownQueues } from '../../app/known-queues.ts'
import { type Io, UsageError } from '../io.ts'
import { table } from '../table.ts'
import { withApp } from './context.ts'

/** How much waits in queues, and emptying them. */
export function addQueues(program: Command, io: Io): void {
  program
    .command('queues')
    .description("how many messages wait in the app's queues, or in those named")
    .argument('[names...]', 'queues')
    .action(async (names: string[], _options: object, command: Command) => {
      await withApp(command, io, async (app) => {
        const broker = await app.broker()
        const missing: string[] = []
        const rows = await Promise.all(
          (names.length > 0 ? names : knownQueues(app)).map(async (name) => {
            const depth = await broker.depth(name)
            if (!depth) missing.push(name)
            return [name, depth ? String(depth.messages) : 'no such queue', String(depth?.consumers ?? '-')]
          }),
        )
        for (const line of table([['QUEUE', 'WAITING', 'CONSUMERS'], ...rows])) io.out(line)
        // An app's queue may be yet to be made, by its first worker.
        if (names.length > 0) mustBeThere(missing)
      })
    })

  program
    .command('purge')
    .description('remove what waits in the queues named, for good')
    .argument('<names...>', 'queues')
    .option('-f, --force', 'yes, really')
    .action(async (names: string[], { force }: { force?: boolean }, command: Command) => {
      if (!force) throw new UsageError('what waits there is lost: add --force when that is meant')
      await withApp(command, io, async (app) => {
        const broker = await app.broker()
        const missing: string[] = []
        for (const name of names) {
          const isThere = knownQueues(app).includes(name) || (await broker.depth(name)) !== undefined
          if (isThere) io.out(`${name}: ${await broker.purge(name)} removed`)
          else missing.push(name)
        }
        mustBeThere(missing)
      })
    })
}

function mustBeThere(missing: string[]): void {
  if (missing.length > 0) throw new Error(`there is no queue ${missing.join(', ')}`)
}
