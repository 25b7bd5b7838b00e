import { type Io, print } from '../io.ts'
import type { Config } from '../settings.ts'
import { withShop } from './with-shop.ts'

/** Loads the sample catalogue, also into a shop that has books. */
export async function sampleLoad(config: Config, io: Io, { json }: { json: boolean }): Promise<void> {
  await withShop(config, io, 'sample load', async ({ catalog }) => {
    const counts = await catalog.sample.load()
    print(
      io,
      json ? JSON.stringify(counts) : `${counts.inserted} books added, ${counts.unchanged} were there`,
    )
  })
}

/** Takes the sample catalogue away, except books that staff or another feed have changed since. */
export async function sampleRemove(config: Config, io: Io, { json }: { json: boolean }): Promise<void> {
  await withShop(config, io, 'sample remove', async ({ catalog }) => {
    const { removed, kept } = await catalog.sample.remove()
    const rest = kept === 0 ? '' : `; ${kept} were kept, since staff or another feed has changed them`
    print(io, json ? JSON.stringify({ removed, kept }) : `${removed} sample books removed${rest}`)
  })
}
