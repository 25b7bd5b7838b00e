import type { Logger } from '@colophon/runtime'
import type { FirstAdminNews } from '../first-admin.ts'
import type { Io } from '../io.ts'
import { version } from '../version.ts'

export interface Announcement {
  io: Io
  logger: Logger
  /** Where everything is, by what it is. */
  places: Readonly<Record<string, string>>
  news: FirstAdminNews | null
  /** Milliseconds that the start took. */
  took: number
}

/** Says where everything is: for people on a terminal, as a log line elsewhere. */
export async function announce({ io, logger, places, news, took }: Announcement): Promise<void> {
  const all = { ...places, ...(news && { admin: news.line }) }
  const ready = `Colophon ${version} is ready after ${(took / 1000).toFixed(1)} s`
  if (io.stdout.isTTY) {
    const lines = Object.entries(all).map(([what, where]) => `  ${what.padEnd(8)} ${where}`)
    io.stdout.write(`\n${ready}. Ctrl-C stops it.\n\n${lines.join('\n')}\n\n`)
  } else {
    const words = Object.entries(all).map(([what, where]) => `${what} ${where}`)
    logger.info(all, `${ready}: ${words.join(', ')}`)
  }
  await news?.told()
}
