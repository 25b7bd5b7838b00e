import {
  dayBefore,
  type KeptReport,
  type Report,
  reportCsv,
  reportNamed,
  reportNames,
  reports,
  runReport,
  shownCell,
} from '@colophon/orders'
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { type Io, print } from '../io.ts'
import { type CommandContext, example, jsonOption } from './options.ts'
import { table } from './table.ts'
import { withShop } from './with-shop.ts'

interface ReportOptions {
  /** ISO date. */
  day?: string
  csv: boolean
  json: boolean
  list: boolean
}

/** `colophon report`. */
export function addReport(program: Command, context: CommandContext): void {
  program
    .command('report')
    .usage('<name> [options]')
    .description('make a report now, keep it in place of an earlier one about the same day, and print it')
    .addArgument(new Argument('[name]', 'which one').choices(reportNames))
    .option(
      '--day <date>',
      'the day that it is about, in UTC; yesterday when absent, and always today for stock',
      isoDay,
    )
    .addOption(new Option('--csv', 'print CSV, for spreadsheets').default(false).conflicts('json'))
    .addOption(jsonOption())
    .option('--list', 'list the reports that there are', false)
    .addHelpText(
      'after',
      example('colophon report sales-by-day', 'colophon report sales-by-author --day 2026-03-01 --csv'),
    )
    .action((name: string | undefined, options: ReportOptions, command: Command) => {
      if (options.list) return list(context.io, options)
      if (name === undefined)
        command.error('error: missing required argument: which report? --list lists them')
      return report(context, name, options)
    })
}

function list(io: Io, { json }: ReportOptions): void {
  if (json) print(io, JSON.stringify(reports.map(({ name, title }) => ({ name, title }))))
  else for (const line of table(reports.map(({ name, title }) => [name, title]))) print(io, line)
}

function report(context: CommandContext, name: string, { day, csv, json }: ReportOptions): Promise<void> {
  return withShop(context, { command: 'report', migrates: true }, async ({ orders: { deps } }) => {
    const one = reportNamed(name)
    const made = await runReport(deps, one, dayOf(one, day, deps.now()))
    const { io } = context
    if (json) print(io, JSON.stringify(made))
    else if (csv) io.stdout.write(reportCsv(made))
    else for (const line of lines(made)) print(io, line)
    if (made.isCut) io.stderr.write(`colophon: there are more than these ${made.rowCount} rows\n`)
  })
}

/** @throws Error in one line for a day that the report cannot be about */
function dayOf({ name, isOfNow }: Report, given: string | undefined, now: Date): string {
  const today = now.toISOString().slice(0, 10)
  const day = given ?? (isOfNow ? today : dayBefore(now))
  if (day > today) throw new Error(`${day} has not come yet: there is nothing to report`)
  if (isOfNow && day !== today)
    throw new Error(`${name} tells how stock is now, and not how it was on ${day}: leave --day out`)
  return day
}

function lines({ name, day, columns, rows }: KeptReport): string[] {
  if (rows.length === 0) return [`${name} of ${day}: nothing`]
  const head = columns.map((column) => column.name)
  const body = rows.map((row) => row.map((_, index) => shownCell(columns, row, index)))
  const isNumber = (index: number) => columns[index]?.type === 'count' || columns[index]?.type === 'money'
  return table([head, ...body], isNumber)
}

function isoDay(text: string): string {
  const moment = new Date(`${text}T00:00:00Z`)
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(moment.getTime())
  if (isDay && moment.toISOString().startsWith(text)) return text
  throw new InvalidArgumentError('It must be a day such as 2026-03-01.')
}
