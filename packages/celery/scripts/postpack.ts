/** After `npm pack`, or after one that was broken off: the checkout's own package.json again. */
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'

const manifest = join(import.meta.dirname, '../package.json')
const before = `${manifest}.before-pack`
if (existsSync(before)) renameSync(before, manifest)
