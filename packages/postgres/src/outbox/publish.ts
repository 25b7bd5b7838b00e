import { continueTrace, withContext } from '@colophon/runtime'
import type { OutboxRow } from './message.ts'
import { type Failure, type FailureRules, judge } from './rules.ts'

export interface PublishOptions extends FailureRules {
  publish(row: OutboxRow): Promise<void>
  isUnavailable(error: unknown): boolean
  /** Keys published at once. */
  keysAtOnce: number
  /** Milliseconds that `publish` may take; longer counts as a failure of the row. */
  publishMs: number
  /** Aborted when nothing more is to be begun: the relay stops, or the batch has taken long enough. */
  signal: AbortSignal
}

/** What became of a batch. Rows in none of these were not tried. */
export interface Published {
  published: OutboxRow[]
  failed: Failure[]
  /** Why the broker is away, when it is. */
  away: { reason: unknown } | undefined
}

/** Publishes rows, different keys at once and those of one key in order, up to the first that fails. */
export async function publishRows(rows: readonly OutboxRow[], options: PublishOptions): Promise<Published> {
  const result: Published = { published: [], failed: [], away: undefined }
  const queues = Map.groupBy(rows, ({ key }) => key).values()
  async function work(): Promise<void> {
    for (const queue of queues) await publishQueue(queue, options, result)
  }
  await Promise.all(Array.from({ length: options.keysAtOnce }, work))
  return result
}

async function publishQueue(
  queue: readonly OutboxRow[],
  options: PublishOptions,
  result: Published,
): Promise<void> {
  for (const row of queue) {
    if (result.away || options.signal.aborted) return
    try {
      await publishRow(row, options)
      result.published.push(row)
    } catch (error) {
      if (options.isUnavailable(error)) result.away ??= { reason: error }
      else result.failed.push(judge(row, error, options))
      return
    }
  }
}

/** Publishes one row as a part of the work that wrote it, within its time. */
async function publishRow(row: OutboxRow, { publish, publishMs }: PublishOptions): Promise<void> {
  const context = {
    requestId: `outbox-${row.sequence}`,
    traceparent: continueTrace(row.headers.traceparent),
    deadline: Date.now() + publishMs,
  }
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`not published within ${publishMs} ms`)), publishMs)
  try {
    await Promise.race([withContext(context, async () => publish(row)), tooLate])
  } finally {
    clearTimeout(timer)
  }
}
