/** Who sends a mail: by parts, so that a comma in the name makes it no list. */
export interface Sender {
  /** Empty where there is none. */
  name: string
  address: string
}

/** One address of a mailbox: nothing that could be read as another address, or as another command. */
export const oneAddress = /^[^\s<>()[\]\\,;:"@]+@[^\s<>()[\]\\,;:"@]+$/

/** Whatever looks like an address in a text, such as what a mail server answers; as long as RFC 5321 has them. */
export const addresses = /[^\s<>()[\]\\,;:"'@]{1,64}@[^\s<>()[\]\\,;:"'@]{1,255}/g

/**
 * Reads `Colophon <shop@example.com>`, or an address alone.
 * @throws Error that says what it must be
 */
export function senderOf(from: string): Sender {
  const [, name = '', address] = /^"?([^"<>@\r\n]*?)"? *<([^<>@,\s]+@[A-Za-z0-9.-]+)>$/.exec(from) ?? []
  if (address !== undefined) return { name, address }
  if (/^[^<>@,"\s]+@[A-Za-z0-9.-]+$/.test(from)) return { name: '', address: from }
  throw new Error('one address, as Colophon <shop@example.com>')
}
