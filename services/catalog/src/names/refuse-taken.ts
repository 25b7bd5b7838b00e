import type { Problem } from '@colophon/http'
import { isUniqueViolation } from '@colophon/postgres'

/**
 * Runs a write and turns the database's refusal of a second one of a kind into a problem that can name the
 * first. The constraint decides and no look-up before it, so that two writers at once cannot both pass.
 */
export async function refuseTaken<T>(
  constraint: string,
  write: () => Promise<T>,
  problem: (cause: unknown) => Promise<Problem>,
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    throw isUniqueViolation(error, constraint) ? await problem(error) : error
  }
}
