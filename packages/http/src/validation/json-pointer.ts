/** The JSON Pointer (RFC 6901) to a value by the members and indexes on the way to it: `/lines/0/a~1b`. */
export function toPointer(path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** The members and indexes that a JSON Pointer names. */
export function fromPointer(pointer: string): string[] {
  const parts = pointer.split('/').slice(1)
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}
