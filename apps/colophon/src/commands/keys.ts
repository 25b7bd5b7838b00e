import type { Command } from 'commander'
import { print } from '../io.ts'
import { type CommandContext, example, jsonOption, type Output } from './options.ts'
import { withShop } from './with-shop.ts'

/** `colophon keys rotate`. */
export function addKeys(program: Command, context: CommandContext): void {
  program
    .command('keys')
    .description('the keys that sign access tokens')
    .command('rotate')
    .description(
      'let a new key sign from now on; takes no token back: those of the old key stay good until they expire',
    )
    .addOption(jsonOption())
    .addHelpText('after', example('colophon keys rotate'))
    .action((options: Output) => rotate(context, options))
}

function rotate(context: CommandContext, { json }: Output): Promise<void> {
  return withShop(context, { command: 'keys rotate', migrates: true }, async ({ accounts }) => {
    const key = await accounts.client.rotateKeys()
    print(context.io, json ? JSON.stringify(key) : `key ${key.id} signs from now on`)
  })
}
