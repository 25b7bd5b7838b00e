import { type Command, Option } from 'commander'
import {
  type DeadLetter,
  type DeadLetterQuery,
  type DeathReason,
  deathReasons,
} from '../../brokers/dead-letter-store.ts'
import { createDeadLetters, type DeadLetters } from '../../dead-letters/index.ts'
import type { Replayed } from '../../dead-letters/replay.ts'
import { alsoReplayed, isOfLetter, Unsent } from '../../dead-letters/unsent.ts'
import { type Io, UsageError } from '../io.ts'
import { readableJson } from '../json-option.ts'
import { wholeNumber } from '../numbers.ts'
import { oneLine } from '../printable.ts'
import { table } from '../table.ts'
import { withApp } from './context.ts'

interface Filter {
  task?: string
  queue?: string
  reason?: DeathReason
}

interface Choice extends Filter {
  all?: boolean
}

interface Listing extends Filter {
  limit: number
  after?: string
  json?: boolean
}

/** Tasks that no worker will run any more: list, show, replay, drop. */
export function addDeadLetters(program: Command, io: Io): void {
  const group = program
    .command('dead-letters')
    .description('tasks that no worker will run any more: list, show, replay, drop')

  filtered(group.command('list').description('the oldest first'))
    .option('--limit <number>', 'how many', wholeNumber(1, 1000), 50)
    .option('--after <cursor>', 'go on where the page before ended, as it said')
    .option('--json', 'one JSON document a line')
    .action((options: Listing, command: Command) =>
      withApp(command, io, (app) => list(createDeadLetters(app), io, options)),
    )

  group
    .command('show')
    .description('one letter with its error, its history and its message, as JSON')
    .argument('<id>', "the letter's id")
    .action((id: string, _options: object, command: Command) =>
      withApp(command, io, (app) => show(createDeadLetters(app), io, id)),
    )

  chosen(group.command('replay').description('send them to their queues again, as new tasks')).action(
    async (ids: string[], options: Choice, command: Command) => {
      mustChoose(ids, options)
      await withApp(command, io, (app) => replay(createDeadLetters(app), io, ids, options))
    },
  )

  chosen(group.command('drop').description('forget them for good')).action(
    async (ids: string[], options: Choice, command: Command) => {
      mustChoose(ids, options)
      await withApp(command, io, (app) => drop(createDeadLetters(app), io, ids, options))
    },
  )
}

async function list(letters: DeadLetters, io: Io, options: Listing): Promise<void> {
  const { limit, after, json } = options
  const asked = { ...query(options), limit }
  let page = await letters.list({ ...asked, ...(after !== undefined && { after }) })
  while (page.letters.length === 0 && page.next !== undefined)
    page = await letters.list({ ...asked, after: page.next })
  if (json) for (const letter of page.letters) io.out(readableJson(shownWhole(letter)))
  else for (const line of listed(page.letters)) io.out(line)
  if (page.next !== undefined) io.err(`more: --after ${page.next}`)
}

async function show(letters: DeadLetters, io: Io, id: string): Promise<void> {
  const letter = await letters.get(id)
  if (!letter) throw new Error(`there is no dead letter ${id}`)
  io.out(readableJson(shownWhole(letter), 2))
}

async function replay(letters: DeadLetters, io: Io, ids: string[], options: Choice): Promise<void> {
  const told = (id: string, { taskId }: Replayed) =>
    io.out(`${oneLine(id)} is task ${taskId ?? '(without an id)'} now`)
  if (!options.all) return replayEach(letters, io, ids, told)
  const all = letters.replayAll(query(options))
  let sent = 0
  let step = await all.next()
  for (; !step.done; step = await all.next()) {
    told(step.value.letter.id, step.value)
    sent++
  }
  if (sent === 0) io.out('0 replayed')
  tellGone(io, step.value)
}

/** As of all, one that cannot be sent keeps those behind it from nothing. */
async function replayEach(
  letters: DeadLetters,
  io: Io,
  ids: string[],
  told: (id: string, replayed: Replayed) => void,
): Promise<void> {
  const missing: string[] = []
  const unsent = new Unsent()
  let gone = 0
  for (const id of ids) {
    try {
      const replayed = await letters.replay(id)
      if (replayed) told(id, replayed)
      else missing.push(id)
      if (replayed?.wasGone) gone++
    } catch (error) {
      if (!isOfLetter(error)) throw unsent.before(error)
      unsent.add(id, error)
    }
  }
  tellGone(io, gone)
  const absent = missing.length === 0 ? [] : [`there is no dead letter ${missing.join(', ')}`]
  const failures = [...absent, ...(unsent.told === undefined ? [] : [unsent.told])]
  if (failures.length > 0) throw new Error(failures.join('\n'))
}

function tellGone(io: Io, gone: number): void {
  if (gone > 0) io.err(alsoReplayed(gone))
}

async function drop(letters: DeadLetters, io: Io, ids: string[], options: Choice): Promise<void> {
  const dropped = options.all ? await letters.dropAll(query(options)) : await letters.drop(ids)
  io.out(`${dropped} dropped`)
  if (dropped < ids.length) throw new Error(`${ids.length - dropped} of ${ids.length} were not there`)
}

function filtered(command: Command): Command {
  return command
    .option('--task <name>', 'only of this task')
    .option('--queue <name>', 'only from this queue')
    .addOption(new Option('--reason <reason>', 'only those that died of this').choices(deathReasons))
}

function chosen(command: Command): Command {
  return filtered(command.argument('[ids...]', "the letters' ids")).option(
    '--all',
    'all, or all that --task, --queue and --reason leave',
  )
}

function mustChoose(ids: string[], options: Choice): void {
  if (ids.length > 0 === (options.all ?? false))
    throw new UsageError(
      options.all ? 'ids and --all exclude each other' : 'which letters? Give their ids, or --all',
    )
  if (ids.length > 0 && (options.task ?? options.queue ?? options.reason) !== undefined) {
    throw new UsageError('--task, --queue and --reason narrow --all: they say nothing beside ids')
  }
}

function query({ task, queue, reason }: Filter): DeadLetterQuery {
  return {
    ...(task !== undefined && { task }),
    ...(queue !== undefined && { queue }),
    ...(reason !== undefined && { reason }),
  }
}

function listed(letters: DeadLetter[]): string[] {
  if (letters.length === 0) return ['no dead letters']
  const head = ['ID', 'DIED', 'QUEUE', 'TASK', 'REASON', 'ERROR']
  const rows = letters.map(({ id, diedAt, queue, task, reason, error }) => [
    id,
    diedAt,
    queue,
    task ?? '?',
    reason,
    `${error.type}: ${error.message}`.split('\n')[0]?.slice(0, 120) ?? '',
  ])
  return table([head, ...rows])
}

/** The body is shown as the text it mostly is, else in base64. */
function shownWhole(letter: DeadLetter): object {
  const { body, ...message } = letter.message
  const text = body.toString('utf8')
  const isText = Buffer.from(text, 'utf8').equals(body)
  return { ...letter, message: { ...message, body: isText ? text : { base64: body.toString('base64') } } }
}
