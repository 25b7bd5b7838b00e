import { readFile } from 'node:fs/promises'

/**
 * What the payments sandbox says of a webhook that the shop has not taken in ten tries, over eight minutes.
 */
const message = 'a webhook was not taken, and is given up'

/**
 * The webhooks that a sandbox has given up, by its log. No kill lasts that long: the shop would not have it.
 */
export async function webhooksGivenUp(log: string): Promise<string[]> {
  const lines = (await readFile(log, 'utf8')).split('\n')
  return lines.filter((line) => line.includes(message))
}
