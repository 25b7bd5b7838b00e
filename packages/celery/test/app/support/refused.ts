import { expect } from 'vitest'

/** The error of an option, whose message holds this text or fits this pattern. */
export function refused(message: string | RegExp) {
  const expected =
    typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message)
  return expect.objectContaining({ name: 'CeleryError', code: 'BAD_OPTION', message: expected })
}
