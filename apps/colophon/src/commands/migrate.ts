import type { Command } from 'commander'
import { print } from '../io.ts'
import { type CommandContext, example, jsonOption, type Output } from './options.ts'
import { withShop } from './with-shop.ts'

/** `colophon migrate`. */
export function addMigrate(program: Command, context: CommandContext): void {
  program
    .command('migrate')
    .description("bring the database's tables up to date (the shop does it itself at every start)")
    .addOption(jsonOption())
    .addHelpText('after', example('colophon migrate'))
    .action((options: Output) => migrate(context, options))
}

function migrate(context: CommandContext, { json }: Output): Promise<void> {
  const { io } = context
  return withShop(context, { command: 'migrate', makes: true }, async (shop) => {
    const results = await shop.migrate(io.interrupted)
    if (json) return print(io, JSON.stringify({ services: results }))
    for (const { service, applied } of results) {
      print(io, applied.length === 0 ? `${service}: up to date` : `${service}: applied ${applied.join(', ')}`)
    }
  })
}
