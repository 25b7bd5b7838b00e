import { deathReasons } from '@colophon/celery'
import {
  type DeadLetter,
  type DeadLetterFilter,
  dropDeadLetter,
  findDeadLetter,
  listDeadLetters,
  replayDeadLetter,
} from '@colophon/orders'
import { type Command, Option } from 'commander'
import { print } from '../io.ts'
import { chosen, eachOf, type Listing, limited, mustChoose, upTo } from './chosen.ts'
import { type CommandContext, example, jsonOption } from './options.ts'
import { table } from './table.ts'
import { withShop } from './with-shop.ts'

/** `colophon dead-letters list|show|replay|drop`. */
export function addDeadLetters(program: Command, context: CommandContext): void {
  const letters = program
    .command('dead-letters')
    .description('tasks that no worker will run any more')
    .addHelpText(
      'after',
      example('colophon dead-letters list', 'colophon dead-letters replay --all --task orders.mail'),
    )
  filtered(limited(letters.command('list').description('list them, the oldest first')))
    .addOption(jsonOption())
    .addHelpText('after', example('colophon dead-letters list --task orders.charge'))
    .action((options: Listing & DeadLetterFilter) => list(context, options))
  letters
    .command('show')
    .description('show one with its error, its history and its arguments, as JSON')
    .argument('<id>')
    .addHelpText('after', example('colophon dead-letters show 0198c0de-0000-7000-8000-000000000001'))
    .action((id: string) => show(context, id))
  filtered(chosen(letters.command('replay').description('send them to their queues again, as new tasks')))
    .addHelpText('after', example('colophon dead-letters replay --all', 'colophon dead-letters replay ID ID'))
    .action((ids: string[], options: Choice, command: Command) => {
      mustChoose(command, ids, options.all)
      return replay(context, ids, options)
    })
  filtered(chosen(letters.command('drop').description('forget them for good')))
    .addHelpText('after', example('colophon dead-letters drop --all --reason unknown_task'))
    .action((ids: string[], options: Choice, command: Command) => {
      mustChoose(command, ids, options.all)
      return drop(context, ids, options)
    })
}

interface Choice extends DeadLetterFilter {
  all: boolean
}

function filtered(command: Command): Command {
  return command
    .option('--task <name>', 'only of this task')
    .option('--queue <name>', 'only from this queue')
    .addOption(new Option('--reason <reason>', 'only those that died of this').choices(deathReasons))
}

function list(
  context: CommandContext,
  { limit, json, ...filter }: Listing & DeadLetterFilter,
): Promise<void> {
  return withShop(context, { command: 'dead-letters list' }, async ({ orders: { deps } }) => {
    const { io } = context
    const found = await upTo(io, limit, (page) => listDeadLetters(deps, { ...filter, ...page }))
    if (json) for (const letter of found) print(io, JSON.stringify(letter))
    else if (found.length === 0) print(io, 'no dead letters')
    else for (const line of table([head, ...found.map(row)])) print(io, line)
  })
}

const head = ['ID', 'DIED', 'QUEUE', 'TASK', 'REASON', 'ERROR']

function row({ id, diedAt, queue, task, reason, error }: DeadLetter): string[] {
  return [id, diedAt, queue, task ?? '?', reason, `${error.type}: ${error.message}`.slice(0, 120)]
}

function show(context: CommandContext, id: string): Promise<void> {
  return withShop(context, { command: 'dead-letters show' }, async ({ orders: { deps } }) =>
    print(context.io, JSON.stringify(await findDeadLetter(deps, id), null, 2)),
  )
}

function replay(context: CommandContext, ids: readonly string[], { all, ...filter }: Choice): Promise<void> {
  return withShop(context, { command: 'dead-letters replay' }, async ({ orders: { deps } }) => {
    const tell = (id: string, taskId: string | null | undefined) =>
      print(context.io, `${id} is task ${taskId ?? '(without an id)'} now`)
    if (!all)
      return eachOf(context.io, ids, async (id) => tell(id, (await replayDeadLetter(deps, id)).taskId))
    let count = 0
    for await (const { letter, taskId } of deps.deadLetters.replayAll(filter)) {
      tell(letter.id, taskId)
      count += 1
      context.io.interrupted.throwIfAborted()
    }
    if (count === 0) print(context.io, 'no dead letters')
  })
}

function drop(context: CommandContext, ids: readonly string[], { all, ...filter }: Choice): Promise<void> {
  return withShop(context, { command: 'dead-letters drop' }, async ({ orders: { deps } }) => {
    if (all) print(context.io, `${await deps.deadLetters.dropAll(filter)} dropped`)
    else {
      await eachOf(context.io, ids, async (id) => {
        await dropDeadLetter(deps, id)
        print(context.io, `${id} dropped`)
      })
    }
  })
}
