import { Redis } from 'ioredis'

/** A plain client, to look at what is really there. */
export function plainClient(url: string): Redis {
  return new Redis(url, { protocol: 2, lazyConnect: true, retryStrategy: () => null })
}

/** Removes every key that begins with the prefix. */
export async function removeKeys(url: string, prefix: string): Promise<void> {
  const redis = plainClient(url)
  await redis.connect()
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    const some = keys as string[]
    if (some.length > 0) await redis.unlink(...some)
  }
  redis.disconnect()
}
