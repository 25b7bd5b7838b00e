import type { Role } from '@colophon/accounts'
import { type Command, InvalidArgumentError } from 'commander'
import { print } from '../io.ts'
import { type CommandContext, example, jsonOption, type Output, roleOption } from './options.ts'
import { withShop } from './with-shop.ts'

/** `colophon token`. */
export function addToken(program: Command, context: CommandContext): void {
  program
    .command('token')
    .usage('--role <role> [options]')
    .description(
      'print an access token for scripts; one for more than 15 minutes ends when its account gets other roles or another password',
    )
    .addOption(roleOption())
    .option('--email <address>', 'whose token it is; the first administrator when absent')
    .option('--expires <seconds>', 'how long it is good for, 60 to 2592000', seconds, 3600)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example(
        'curl -H "Authorization: Bearer $(colophon token --role staff)" http://127.0.0.1:8080/api/accounts/me',
      ),
    )
    .action((options: TokenOptions) => token(context, options))
}

interface TokenOptions extends Output {
  role: Role
  email?: string
  /** Seconds. */
  expires: number
}

/** Prints the token alone on its line. */
function token(context: CommandContext, { role, email, expires, json }: TokenOptions): Promise<void> {
  return withShop(context, { command: 'token' }, async ({ accounts }) => {
    const whose = email === undefined ? {} : { email }
    const issued = await accounts.client.issueToken({ role, expiresInSeconds: expires, ...whose })
    print(context.io, json ? JSON.stringify(issued) : issued.accessToken)
  })
}

function seconds(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 60 && value <= 2_592_000) return value
  throw new InvalidArgumentError('It must be a whole number of seconds from 60 to 2592000.')
}
