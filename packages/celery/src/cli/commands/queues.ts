import type { Command } from 'commander'
import type { Celery } from '../../app/create-celery.ts'
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
        const rows = await Promise.all(
          queuesOf(app, names).map(async (name) => {
            const depth = await broker.depth(name)
            return [name, depth ? String(depth.messages) : 'no such queue', String(depth?.consumers ?? '-')]
          }),
        )
        for (const line of table([['QUEUE', 'WAITING', 'CONSUMERS'], ...rows])) io.out(line)
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
        for (const name of names) io.out(`${name}: ${await app.purge(name)} removed`)
      })
    })
}

function queuesOf({ options }: Celery, names: string[]): string[] {
  if (names.length > 0) return names
  const { defaultQueue, queues, routes } = options
  return [...new Set([defaultQueue, ...queues.map(({ name }) => name), ...routes.map(({ queue }) => queue)])]
}
