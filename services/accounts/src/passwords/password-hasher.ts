import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { createBounded } from './bounded.ts'
import { normalizedPassword } from './password-rule.ts'
import { type Argon2Cost, formatPhc, parsePhc } from './phc.ts'

/** Hashes passwords and checks them. */
export interface PasswordHasher {
  /** The PHC string of a new hash. */
  hash(password: string): Promise<string>
  /** Whether `hash` (a PHC string) is of this password. */
  verify(password: string, hash: string): Promise<boolean>
  /** Whether `hash` was made at another cost than new ones are. */
  isOutdated(hash: string): boolean
}

interface PasswordHasherOptions extends Argon2Cost {
  /** How many hashes are worked out at once: each holds `memory` and a thread of libuv's pool. */
  concurrency: number
  /** How many may wait for their turn. */
  waiting: number
  /** The error for one too many. */
  refusal: () => Error
}

/** OWASP's first choice for argon2id: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
export const owaspCost: Argon2Cost = { memory: 19 * 1024, passes: 2, parallelism: 1 }

const saltBytes = 16
const tagBytes = 32
const derive = promisify(argon2)

/** argon2id by Node's own crypto, with bounds on memory and on the queue. */
export function createPasswordHasher(options: PasswordHasherOptions): PasswordHasher {
  const bounded = createBounded(options)
  const { memory, passes, parallelism } = options

  function tagOf(password: string, cost: Argon2Cost, salt: Buffer, tagLength: number): Promise<Buffer> {
    const message = normalizedPassword(password)
    const { memory, passes, parallelism } = cost
    return bounded(() => derive('argon2id', { message, nonce: salt, memory, passes, parallelism, tagLength }))
  }

  return {
    async hash(password) {
      const salt = randomBytes(saltBytes)
      const tag = await tagOf(password, options, salt, tagBytes)
      return formatPhc({ memory, passes, parallelism, salt, tag })
    },
    async verify(password, hash) {
      const { salt, tag, ...cost } = parsePhc(hash)
      return timingSafeEqual(await tagOf(password, cost, salt, tag.length), tag)
    },
    isOutdated(hash) {
      const made = parsePhc(hash)
      return made.memory !== memory || made.passes !== passes || made.parallelism !== parallelism
    },
  }
}
