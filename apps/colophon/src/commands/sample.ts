import { countedBooks, removeSampleCopies } from '@colophon/orders'
import type { Command } from 'commander'
import { print } from '../io.ts'
import { receiveSampleCopies } from '../sample.ts'
import { type CommandContext, example, jsonOption, type Output } from './options.ts'
import { withShop } from './with-shop.ts'

/** `colophon sample load|remove`. */
export function addSample(program: Command, context: CommandContext): void {
  const sample = program
    .command('sample')
    .description('the sample catalogue')
    .addHelpText('after', example('colophon sample load'))
  sample
    .command('load')
    .description('add the sample catalogue, also to a shop that has books: these stay as they are')
    .addOption(jsonOption())
    .addHelpText('after', example('colophon sample load'))
    .action((options: Output) => load(context, options))
  sample
    .command('remove')
    .description('take it away, except books that others speak for too, or have brought copies of')
    .addOption(jsonOption())
    .addHelpText('after', example('colophon sample remove'))
    .action((options: Output) => remove(context, options))
}

function load(context: CommandContext, { json }: Output): Promise<void> {
  const use = { command: 'sample load', makes: true, migrates: true }
  return withShop(context, use, async (shop) => {
    const counts = await shop.catalog.sample.load()
    await receiveSampleCopies(shop)
    const { inserted, updated, unchanged } = counts
    const renewed = updated === 0 ? '' : `, ${updated} sample books renewed`
    const text = `${inserted} books added${renewed}, ${unchanged} were there`
    print(context.io, json ? JSON.stringify(counts) : text)
  })
}

function remove(context: CommandContext, { json }: Output): Promise<void> {
  return withShop(context, { command: 'sample remove', migrates: true }, async ({ catalog, orders }) => {
    await removeSampleCopies(orders.deps)
    const counted = await countedBooks(orders.deps.database, await catalog.sample.bookIds())
    const { removed, kept } = await catalog.sample.remove(counted)
    const rest =
      kept === 0
        ? ''
        : `; ${kept} kept, without the sample's prices, since others speak for them too, or have brought copies of them`
    print(context.io, json ? JSON.stringify({ removed, kept }) : `${removed} sample books removed${rest}`)
  })
}
