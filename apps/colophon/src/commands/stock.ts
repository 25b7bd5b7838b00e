import { isLine } from '@colophon/http'
import {
  adjustmentReasons,
  adjustStock,
  checkStock,
  documentLength,
  findInventory,
  noteLength,
  trackedBook,
} from '@colophon/orders'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { exitCodes, type Io, print } from '../io.ts'
import { counted } from './import-counts.ts'
import { type CommandContext, example, jsonOption, type Output } from './options.ts'
import { type ReceiveOptions, receive } from './stock-receive.ts'
import { withShop } from './with-shop.ts'

type Inventory = Awaited<ReturnType<typeof findInventory>>
type Book = Awaited<ReturnType<typeof trackedBook>>

/** `colophon stock show|adjust|receive|check`. */
export function addStock(program: Command, context: CommandContext): void {
  const stock = program
    .command('stock')
    .description('copies of books')
    .addHelpText(
      'after',
      example('colophon stock receive delivery.csv --document 4711', 'colophon stock show 9780439023481'),
    )
  stock
    .command('show')
    .description('show the stock of a book')
    .argument('<isbn>', 'its ISBN in any written form, or its id')
    .addOption(jsonOption())
    .addHelpText('after', example('colophon stock show 9780439023481'))
    .action((isbn: string, options: Output) => show(context, isbn, options))
  stock
    .command('adjust')
    .usage('<isbn> <delta> --reason <reason> [options]')
    .description('add copies of a book, or take some away that are not held for orders')
    .argument('<isbn>', 'its ISBN in any written form, or its id')
    .argument('<delta>', 'copies to add; negative for copies to take away', copies)
    .addOption(new Option('--reason <reason>', 'why').choices(adjustmentReasons).makeOptionMandatory())
    .option('--note <text>', 'what else is to be known of it', lineUpTo(noteLength))
    .addOption(jsonOption())
    .addHelpText('after', example('colophon stock adjust 9780439023481 -1 --reason damaged --note "water"'))
    .action((isbn: string, delta: number, options: AdjustOptions) => adjust(context, isbn, delta, options))
  addReceive(stock, context)
  stock
    .command('check')
    .description('see whether the stock is what the ledger and the holds say')
    .addOption(jsonOption())
    .addHelpText('after', `${example('colophon stock check')}\n\nWhen something differs, the exit code is 1.`)
    .action(async (options: Output) => context.end(await check(context, options)))
}

function addReceive(stock: Command, context: CommandContext): void {
  stock
    .command('receive')
    .usage('<file> --document <number> [options]')
    .description(
      'book the copies of a delivery (CSV of isbn and quantity, and of cost and price where they are known)',
    )
    .argument('<file>', 'the file, or - for standard input')
    .requiredOption(
      '--document <number>',
      "the delivery note's number; sent again, it changes nothing",
      lineUpTo(documentLength),
    )
    .option('--dry-run', 'say what would happen and change nothing', false)
    .option('--verbose', 'write every warning, not only the first of each kind', false)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${example('colophon stock receive delivery.csv --document 4711 --dry-run')}

Rows that cannot be booked are reported with line, column, code and value, and stop no others; then the exit code is 3.
Corrected, they are booked when the document is received again.`,
    )
    .action(async (file: string, options: ReceiveOptions) =>
      context.end(await receive(context, file, options)),
    )
}

function show(context: CommandContext, isbn: string, options: Output): Promise<void> {
  return withShop(context, { command: 'stock show' }, async ({ orders: { deps } }) => {
    const book = await trackedBook(deps, isbn)
    tell(context.io, book, await findInventory(deps.database, deps.currency, book.id), options)
  })
}

interface AdjustOptions extends Output {
  reason: (typeof adjustmentReasons)[number]
  note?: string
}

function adjust(context: CommandContext, isbn: string, delta: number, options: AdjustOptions): Promise<void> {
  return withShop(context, { command: 'stock adjust', migrates: true }, async ({ orders: { deps } }) => {
    const book = await trackedBook(deps, isbn)
    const { reason, note = null } = options
    const inventory = await adjustStock(deps, {
      bookId: book.id,
      input: { delta, reason, note },
      actor: 'command',
    })
    tell(context.io, book, inventory, options)
  })
}

function tell(io: Io, { id, title }: Book, inventory: Inventory, { json }: Output): void {
  const { onHand, held, available, policy, reorderLevel } = inventory
  const level = reorderLevel === null ? '' : `, reordered at ${reorderLevel}`
  const name = title ?? `${id}, which is gone from the catalogue`
  const line = `${name}: ${onHand} on hand, ${held} held, ${available} available (${policy}${level})`
  print(io, json ? JSON.stringify(inventory) : line)
}

/** @returns the exit code: 1 when something differs */
function check(context: CommandContext, { json }: Output): Promise<number> {
  return withShop(context, { command: 'stock check' }, async ({ orders: { deps } }) => {
    const { io } = context
    const { books, counts, differences } = await checkStock(deps.database)
    const all = counts.ledger + counts.held + counts.hold
    if (json) print(io, JSON.stringify({ books, counts, differences }))
    else {
      for (const { kind, bookId, message } of differences) print(io, `${kind}  ${bookId}  ${message}`)
      const untold = all - differences.length
      if (untold > 0) print(io, `and ${counted(untold, 'more difference')}`)
      print(io, `${counted(books, 'book')}: ${all === 0 ? 'all adds up' : counted(all, 'difference')}`)
    }
    return all === 0 ? exitCodes.done : exitCodes.failed
  })
}

/** As the API takes it. */
function lineUpTo(most: number): (text: string) => string {
  return (text) => {
    if (isLine(text, most)) return text
    throw new InvalidArgumentError(`It must be one line of 1 to ${most} characters that is not blank.`)
  }
}

function copies(text: string): number {
  const value = Number(text)
  if (/^[+-]?\d+$/.test(text) && value !== 0 && Math.abs(value) <= 1_000_000) return value
  throw new InvalidArgumentError('It must be a whole number from -1000000 to 1000000, and not 0.')
}
