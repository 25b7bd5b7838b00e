import { CeleryError, type ErrorCode } from '../errors.ts'

/** The connection is gone: whether the command was carried out is not known. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
  /** The server is there and answers, but with what another may not: to connect anew at once is of no use. */
  readonly isRefusal: boolean

  constructor(message: string, isRefusal = false) {
    super(message)
    this.isRefusal = isRefusal
  }
}

/** There was no connection: the command was not sent. */
export class NotConnected extends ConnectionLost {
  constructor() {
    super('There is no connection to Redis')
  }
}

/** Answers of a server that another connection may not give: a replica after a failover, or one that just starts. */
const passing = /^(READONLY|LOADING|MASTERDOWN|NOREPLICAS|UNBLOCKED)\b/
const unsigned = /^NOAUTH\b/
const forbidden = /^(WRONGPASS|NOPERM)\b|can't run this command/
/** Where in a script an error arose: Redis before 7 puts that before the error, by its source; no such server was tried. */
const place = /^ERR Error running script .*@user_script: ?\d+: -?/
const noDatabase = /\bDB index\b/
const clustered = /\b(MOVED|ASK|CROSSSLOT|CLUSTERDOWN)\b/

/**
 * What a failed command means: `ConnectionLost` when it is worth another try, else an error for the caller. The error
 * of ioredis goes no further: it holds the command with all its arguments, which may be a password or a message.
 * @param server what to call it
 */
export function explainFailure(
  error: unknown,
  code: ErrorCode,
  server = 'Redis',
): ConnectionLost | CeleryError {
  if (error instanceof CeleryError || error instanceof ConnectionLost) return error
  const { name, message: told } = error instanceof Error ? error : new Error(String(error))
  const message = told.replace(place, '')
  if (name !== 'ReplyError' || passing.test(message))
    return new ConnectionLost(message, name === 'ReplyError')
  if (unsigned.test(message)) {
    const advice = `${server} asks for a password: its URL has to hold one, as in redis://:password@host.`
    return new CeleryError('UNSUPPORTED', `${advice} (${message})`)
  }
  if (forbidden.test(message)) {
    const advice = `${server} does not let this user in, or not do that: see user and password of its URL, and its ACL.`
    return new CeleryError('UNSUPPORTED', `${advice} (${message})`)
  }
  if (clustered.test(message)) {
    const advice = 'Redis Cluster is not supported: its keys cannot be changed together. Use a single server.'
    return new CeleryError('UNSUPPORTED', `${advice} (${message})`)
  }
  if (noDatabase.test(message)) {
    const advice = `${server} has no database of this number: see the path of its URL.`
    return new CeleryError('UNSUPPORTED', `${advice} (${message})`)
  }
  return new CeleryError(code, `${server} refused a command: ${message}`)
}

export function isMissingScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}

/** An answer that is a list of strings, with nothing else among them. */
export function strings(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.filter((item) => typeof item === 'string') : []
}

/** What a script says of the items it could not do: their places and Redis's errors, in turn. */
export function refusals(reply: unknown): [place: number, message: string][] {
  if (!Array.isArray(reply)) return []
  const refused: [number, string][] = []
  for (let i = 0; i + 1 < reply.length; i += 2) refused.push([Number(reply[i]), String(reply[i + 1])])
  return refused
}

/** An error of Redis's own, as ioredis would raise it. */
export function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' })
}
