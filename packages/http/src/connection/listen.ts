/**
 * Turns the failure to open a port into one line that says what to do.
 * @param setting the name of the setting that chooses the port
 */
export function listenError(error: unknown, host: string, port: number, setting: string): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const message = explain(String(code), host, port, setting)
  if (message === undefined) return error instanceof Error ? error : new Error(String(error))
  return new Error(message, { cause: error })
}

function explain(code: string, host: string, port: number, setting: string): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is taken by another program: stop it or set ${setting}`
    case 'EACCES':
      return `port ${port} on ${host} may not be opened by this user: set ${setting} to 1024 or above`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this machine: set HOST`
    default:
      return undefined
  }
}

/** The URL of a listening address, with an IPv6 address in brackets. */
export function originOf(address: string, port: number): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}
