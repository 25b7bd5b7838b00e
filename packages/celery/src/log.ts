/** Where a process writes what happens: a pino logger fits. An error is the field `err`, of which pino writes the whole. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const noLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

let target = noLog

/** Of apps that were given none: silent, until a command says where to. */
export const defaultLog: Log = {
  debug: (fields, message) => target.debug(fields, message),
  info: (fields, message) => target.info(fields, message),
  warn: (fields, message) => target.warn(fields, message),
  error: (fields, message) => target.error(fields, message),
}

export function setDefaultLog(log: Log): void {
  target = log
}
