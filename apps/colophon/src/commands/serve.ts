import { Argument, type Command } from 'commander'
import { allRoles, type Role } from '../process/roles.ts'
import { runProcess } from '../process/run-process.ts'
import { type CommandContext, example } from './options.ts'

/** The parts that can be served alone. */
const servable = ['api', 'payments-sandbox'] as const satisfies readonly Role[]

/** `colophon serve`. */
export function addServe(program: Command, { io, config }: CommandContext): void {
  program
    .command('serve')
    .description('run the whole shop in this process, or one part of it')
    .addArgument(new Argument('[part]', 'this part alone').choices(servable))
    .addHelpText(
      'after',
      example(
        'colophon serve',
        'PORT=9000 colophon serve',
        'colophon serve api',
        'colophon serve payments-sandbox',
      ),
    )
    .action((part: (typeof servable)[number] | undefined) =>
      part === undefined
        ? runProcess(config(), io, { name: 'colophon serve', roles: allRoles, exclusive: 'serve' })
        : runProcess(config(), io, { name: `colophon serve ${part}`, roles: [part] }),
    )
}
