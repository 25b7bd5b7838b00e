import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Database } from '@colophon/postgres'
import type { Logger } from '@colophon/runtime'
import { type EcPublicKey, openKey, readKeys, replaceKey, signedFromMemoryMs } from './key-store.ts'

/** ECDSA on P-256 with SHA-256 (RFC 7518 §3.4): small keys that every gateway and language can verify. */
export const signingAlgorithm = 'ES256'

/** How soon an unknown key id makes us look in the database again, in milliseconds. */
const lookAgainMs = 1_000

/** A public key with what a verifier needs to know (RFC 7517 §4). */
export type PublishedKey = EcPublicKey & Record<'kid' | 'alg' | 'use', string>

export interface SigningKeysOptions {
  database: Database
  /** 32 bytes. */
  secretKey: Buffer
  now: () => Date
  logger: Logger
}

interface Known {
  at: number
  current: { id: string; privateKey: KeyObject }
  published: PublishedKey[]
  publicKeys: Map<string, KeyObject>
}

/** The keys that sign access tokens, as a process knows them: one that signs, and those it took over from. */
export class SigningKeys {
  readonly #options: SigningKeysOptions
  #known: Known | undefined
  #loading: Promise<Known> | undefined

  constructor(options: SigningKeysOptions) {
    this.#options = options
  }

  /** Makes the first key when there is none. @throws Error when SECRET_KEY does not open the one that signs */
  async start(): Promise<void> {
    await this.#reload()
  }

  /** The key that signs now. */
  async current(): Promise<{ id: string; privateKey: KeyObject }> {
    return (await this.#fresh()).current
  }

  /** The public keys (RFC 7517 §5), the one that signs first. */
  async published(): Promise<PublishedKey[]> {
    return (await this.#fresh()).published
  }

  /** The public key of that id, or undefined. A known one is given even while the database is away. */
  async publicKey(id: string): Promise<KeyObject | undefined> {
    const key = this.#known?.publicKeys.get(id)
    if (key && this.#age() >= signedFromMemoryMs) {
      this.#reload().catch((error) => {
        this.#options.logger.warn({ err: error }, 'the signing keys could not be read again')
      })
    }
    if (key || this.#age() < lookAgainMs) return key
    return (await this.#reload()).publicKeys.get(id)
  }

  /**
   * Puts a new key in the place of the one that signs; tokens that this one signed stay good until they expire.
   * Two at once put one.
   * @param isSecretKeyLost the one that signs cannot be opened any more: it is replaced unopened
   * @throws Error when SECRET_KEY does not open the one that signs
   */
  async rotate({ isSecretKeyLost = false } = {}): Promise<{ id: string }> {
    const { database, secretKey, now, logger } = this.#options
    // Refuses a wrong SECRET_KEY, whose key no other process could open.
    if (!isSecretKeyLost) await this.#reload()
    await replaceKey(database, secretKey, now())
    // Not #reload: one that is under way may have read the key before.
    const { id } = (await this.#load()).current
    if (isSecretKeyLost) logger.warn({ keyId: id }, 'the signing key was replaced unopened')
    return { id }
  }

  #age(): number {
    return this.#known ? this.#options.now().getTime() - this.#known.at : Number.POSITIVE_INFINITY
  }

  async #fresh(): Promise<Known> {
    return this.#known && this.#age() < signedFromMemoryMs ? this.#known : this.#reload()
  }

  #reload(): Promise<Known> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #load(): Promise<Known> {
    const { database, secretKey, now, logger } = this.#options
    const at = now()
    const rows = await readKeys(database, secretKey, at)
    const [signing] = rows
    if (!signing) throw new Error('the key that signs tokens was removed while it was read: try again')
    const before = this.#known?.current.id
    this.#known = {
      at: at.getTime(),
      current: { id: signing.id, privateKey: openKey(signing, secretKey) },
      published: rows.map(({ id, publicKey }) => ({
        ...publicKey,
        kid: id,
        alg: signingAlgorithm,
        use: 'sig',
      })),
      publicKeys: new Map(
        rows.map(({ id, publicKey }) => [id, createPublicKey({ key: publicKey, format: 'jwk' })]),
      ),
    }
    // The trace of a rotation, in the log of every process that goes on from one key to another.
    if (before !== undefined && before !== signing.id) {
      logger.warn({ keyId: signing.id, before }, 'another key signs from now on')
    }
    return this.#known
  }
}
