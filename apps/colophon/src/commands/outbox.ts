import {
  dropParkedMessage,
  listParked,
  type ParkedMessage,
  replayAllMessages,
  replayParkedMessage,
} from '@colophon/orders'
import { type Command, InvalidArgumentError } from 'commander'
import { print } from '../io.ts'
import { chosen, eachOf, type Listing, limited, mustChoose, upTo } from './chosen.ts'
import { type CommandContext, example, jsonOption } from './options.ts'
import { table } from './table.ts'
import { withShop } from './with-shop.ts'

/** `colophon outbox list|replay|drop`. */
export function addOutbox(program: Command, context: CommandContext): void {
  const outbox = program
    .command('outbox')
    .description('messages that could not be published, and that later ones wait for')
    .addHelpText('after', example('colophon outbox list', 'colophon outbox replay --all'))
  limited(outbox.command('list').description('list them, the oldest first'))
    .addOption(jsonOption())
    .addHelpText('after', example('colophon outbox list'))
    .action((options: Listing) => list(context, options))
  chosen(outbox.command('replay').description('have them published again'))
    .addHelpText('after', example('colophon outbox replay 4711', 'colophon outbox replay --all'))
    .action((sequences: string[], { all }: { all: boolean }, command: Command) => {
      mustChoose(command, sequences, all)
      return replay(context, sequences.map(sequence), all)
    })
  outbox
    .command('drop')
    .description('give them up for good: later ones of the same key go on without them')
    .argument('<ids...>')
    .addHelpText('after', example('colophon outbox drop 4711'))
    .action((sequences: string[]) => drop(context, sequences.map(sequence)))
}

function list(context: CommandContext, { limit, json }: Listing): Promise<void> {
  return withShop(context, { command: 'outbox list' }, async ({ orders: { deps } }) => {
    const { io } = context
    const found = await upTo(io, limit, (page) => listParked(deps, page))
    if (json) for (const message of found) print(io, JSON.stringify(message))
    else if (found.length === 0) print(io, 'no parked messages')
    else for (const line of table([head, ...found.map(row)])) print(io, line)
  })
}

const head = ['ID', 'PARKED', 'KEY', 'TOPIC', 'PAYLOAD', 'ERROR']

function row({ sequence: id, parkedAt, key, topic, payload, error }: ParkedMessage): string[] {
  return [
    String(id),
    parkedAt,
    key,
    topic,
    JSON.stringify(payload).slice(0, 120),
    (error ?? '').slice(0, 120),
  ]
}

function replay(context: CommandContext, sequences: readonly number[], all: boolean): Promise<void> {
  return withShop(context, { command: 'outbox replay' }, async ({ orders: { deps } }) => {
    if (all) print(context.io, `${await replayAllMessages(deps)} are published again`)
    else {
      await eachOf(context.io, sequences, async (one) => {
        await replayParkedMessage(deps, one)
        print(context.io, `${one} is published again`)
      })
    }
  })
}

function drop(context: CommandContext, sequences: readonly number[]): Promise<void> {
  return withShop(context, { command: 'outbox drop' }, async ({ orders: { deps } }) =>
    eachOf(context.io, sequences, async (one) => {
      await dropParkedMessage(deps, one)
      print(context.io, `${one} dropped`)
    }),
  )
}

function sequence(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new InvalidArgumentError(`${text} is no id of a message: it must be a whole number from 1.`)
}
