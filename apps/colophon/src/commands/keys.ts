import type { Command } from 'commander'
import { print } from '../io.ts'
import { type CommandContext, example, jsonOption, type Output } from './options.ts'
import { withShop } from './with-shop.ts'

/** `colophon keys rotate`. */
export function addKeys(program: Command, context: CommandContext): void {
  program
    .command('keys')
    .description('the keys that sign access tokens')
    .addHelpText('after', example('colophon keys rotate'))
    .command('rotate')
    .description(
      'let a new key sign from now on; takes no token back: those of the old key stay good until they expire',
    )
    .option(
      '--secret-key-lost',
      'replace a key that no SECRET_KEY opens any more; nobody is signed out by it',
    )
    .addOption(jsonOption())
    .addHelpText('after', example('colophon keys rotate'))
    .action((options: Options) => rotate(context, options))
}

interface Options extends Output {
  secretKeyLost?: boolean
}

function rotate(
  context: CommandContext,
  { json, secretKeyLost: isSecretKeyLost = false }: Options,
): Promise<void> {
  return withShop(context, { command: 'keys rotate', migrates: true }, async ({ accounts }) => {
    const key = await accounts.client.rotateKeys({ isSecretKeyLost })
    print(context.io, json ? JSON.stringify(key) : `key ${key.id} signs from now on`)
  })
}
