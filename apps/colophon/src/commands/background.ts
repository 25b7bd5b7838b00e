import type { Command } from 'commander'
import type { Role } from '../process/roles.ts'
import { runProcess } from '../process/run-process.ts'
import { type CommandContext, example } from './options.ts'
import { refuseMissingFolder } from './with-shop.ts'

/** `colophon worker`, `colophon beat`, `colophon relay`: what is done behind an answer, each in a process of its own. */
export function addBackground(program: Command, context: CommandContext): void {
  add(program, context, 'worker', 'work on tasks: charge, confirm, mail, report; start as many as you like')
  add(program, context, 'beat', 'send tasks by the clock; start two, and one of them sends each')
  add(program, context, 'relay', 'send to the broker what was written into the outbox; start two, for safety')
}

function add(
  program: Command,
  { io, config: readConfig }: CommandContext,
  role: Role,
  description: string,
): void {
  program
    .command(role)
    .description(description)
    .addHelpText('after', example(`colophon ${role}`, `OPS_PORT=9100 colophon ${role}`))
    .action(() => {
      const config = readConfig()
      refuseMissingFolder(config)
      return runProcess(config, io, { name: `colophon ${role}`, roles: [role] })
    })
}
