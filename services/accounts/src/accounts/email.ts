import { domainToASCII } from 'node:url'

/** An e-mail address as it was given, and the key by which two spellings of it are the same. */
export interface EmailAddress {
  readonly address: string
  readonly key: string
}

const localPart = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u
const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
/** What domainToASCII leaves out without a word, so that two texts would be one address. */
const unseen = /[\s\p{Cc}\p{Cf}]/u
const domainName = new RegExp(`^${label}(\\.${label})+$`)

/**
 * Reads an address: a dot-atom of at most 64 bytes (RFC 5321 §4.5.3.1.1, letters of any script by RFC 6531),
 * and a domain of at least two labels; 254 bytes in all. No quoted local parts, no address literals.
 * Its key is in lower case with the domain in ASCII, so that `Ana@MÜNCHEN.example` cannot register twice.
 * @returns null when the text is not such an address
 */
export function parseEmail(text: string): EmailAddress | null {
  const address = text.trim().normalize('NFC')
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  const domain = domainToASCII(address.slice(at + 1))
  const key = `${local.toLowerCase()}@${domain}`
  const tooLong = Buffer.byteLength(local) > 64 || Math.max(Buffer.byteLength(address), key.length) > 254
  if (at < 1 || tooLong || unseen.test(address) || !localPart.test(local) || !domainName.test(domain))
    return null
  return { address, key }
}
