import { type Celery, chord, type RetryPolicy, type TaskContext } from '@colophon/celery'
import { day as Day, taskInput } from '@colophon/http'
import { withoutSecrets } from '@colophon/runtime'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { orDeadLetter } from '../tasks/ending.ts'
import { ordersQueue } from '../tasks/index.ts'
import { reportNamed, reports } from './all-reports.ts'
import { mailReports, type Outcome } from './mail-reports.ts'
import { dayAbout, dayBefore } from './report.ts'
import { keepFailure, runReport } from './run-report.ts'
import { ReportName } from './schemas.ts'

/** Each may run twice: a report that is made again replaces itself, and the mail is the same mail. */
const late = { queue: ordersQueue, ack: 'late' } as const

interface Patience extends RetryPolicy {
  max: number
}

/** A quarter of an hour or so, in which a server that was away is back: nobody waits at night. */
const usual: Patience = { max: 8, delay: 10, maxDelay: 600 }

const NightlyInput = taskInput(Type.Object({ day: Type.Optional(Day()) }, { additionalProperties: false }))
const RunInput = taskInput(Type.Object({ name: ReportName, day: Day() }, { additionalProperties: false }))
const FinishInput = taskInput(
  Type.Object(
    {
      outcomes: Type.Array(
        Type.Object({ name: Type.String(), day: Day(), error: Type.Union([Type.String(), Type.Null()]) }),
      ),
      day: Day(),
    },
    { additionalProperties: false },
  ),
)

/**
 * Defines the tasks of the nightly reports: `reports.nightly` sends a chord of `reports.run`, one for each report, whose
 * body is `reports.finish`. A report that fails does not fail the chord: that it failed is its result.
 */
export function defineReportTasks(app: Celery, deps: OrdersDeps, retry = usual): void {
  const run = app.task({
    ...late,
    name: 'reports.run',
    params: ['name', 'day'],
    input: RunInput,
    retry,
    async run({ name, day: asked }, context): Promise<Outcome> {
      const day = dayAbout(reportNamed(name), asked, deps.now())
      const cause = await failureOf(runReport(deps, reportNamed(name), day))
      if (cause === undefined) return { name, day, error: null }
      if (context.retries < retry.max) context.retry({ cause })
      return { name, day, error: await tellFailure(deps, name, day, cause) }
    },
  })
  const finish = app.task({
    ...late,
    name: 'reports.finish',
    params: ['outcomes', 'day'],
    input: FinishInput,
    ignoreResult: true,
    retry,
    run: ({ outcomes, day }, context) => orDeadLetter(context, mailReports(deps, day, outcomes)),
  })
  app.task({
    ...late,
    name: 'reports.nightly',
    params: ['day?'],
    input: NightlyInput,
    ignoreResult: true,
    retry,
    async run({ day: given }, context) {
      const day = given ?? dueDay(deps, context)
      const header = reports.map(({ name }) => run.signature({ name, day }))
      await chord(header, finish.signature({ day })).send()
    },
  })
}

/** Logs and keeps that a report failed; where it cannot be kept, the mail tells it all the same. @returns why */
async function tellFailure(deps: OrdersDeps, name: string, day: string, cause: Error): Promise<string> {
  const about = { report: name, day }
  deps.logger.error({ ...about, err: cause }, 'a report failed')
  const error = inOneLine(cause)
  const unkept = await failureOf(keepFailure(deps, reportNamed(name), day, error))
  if (unkept !== undefined) deps.logger.error({ ...about, err: unkept }, 'that a report failed is not kept')
  return error
}

/** Why the work failed; undefined when it did not. */
async function failureOf(work: Promise<unknown>): Promise<Error | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function inOneLine({ message }: Error): string {
  return String(withoutSecrets(message.replace(/\s+/g, ' ').slice(0, 500)))
}

/** The day before the night that it was due in, though it may run late. */
function dueDay({ now }: OrdersDeps, { headers }: TaskContext): string {
  const due = headers.celery_beat_due
  return dayBefore(typeof due === 'string' ? new Date(due) : now())
}
