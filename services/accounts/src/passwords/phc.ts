/** The cost of argon2id (RFC 9106). */
export interface Argon2Cost {
  /** Memory in KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** A password's hash with all it takes to check it. */
export interface PasswordHash extends Argon2Cost {
  readonly salt: Buffer
  readonly tag: Buffer
}

const pattern = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** The PHC string format: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md */
export function formatPhc({ memory, passes, parallelism, salt, tag }: PasswordHash): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
}

/** @throws Error when the text is not the PHC string of an argon2id hash, version 19 */
export function parsePhc(text: string): PasswordHash {
  const [, memory, passes, parallelism, salt, tag] = pattern.exec(text) ?? []
  if (!memory || !passes || !parallelism || !salt || !tag) throw new Error('not a PHC string of argon2id')
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
