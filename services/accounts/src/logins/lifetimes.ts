const day = 24 * 60 * 60 * 1000

/** How long an access token is good for, in seconds. What it says of roles can be this old. */
export const accessTokenSeconds = 15 * 60

/** The longest life of a token made for a script, in seconds. */
export const longestTokenSeconds = 30 * 24 * 60 * 60

/** A session or family of refresh tokens ends when it is not used for this long, in milliseconds. */
export const idleMs = 30 * day

/** A session or family of refresh tokens ends this long after its login, however much it is used, in milliseconds. */
export const absoluteMs = 90 * day

/** How long it is known who did what to an account, in milliseconds. */
export const historyMs = 2 * 365 * day

/** When a session or family used at `now` ends, if it is not used again. */
export function expiryAfterUse(startedAt: Date, now: Date): Date {
  return new Date(Math.min(now.getTime() + idleMs, startedAt.getTime() + absoluteMs))
}
