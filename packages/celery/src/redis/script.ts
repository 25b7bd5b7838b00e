import { createHash } from 'node:crypto'

import type { Kind } from './wrong-type.ts'

/**
 * A Lua script, which Redis knows by its hash once it was sent in full. What it did before a command was refused stays
 * done: so whatever is moved must be in its new place before it is removed from the old one, and what the user may not
 * do must come out before that.
 */
export interface Script {
  /** What its keys hold; the last of these holds for all further keys. */
  readonly kinds: readonly Kind[]
  readonly lua: string
  readonly sha: string
}

export function script(kinds: readonly Kind[], lua: string): Script {
  return { kinds, lua, sha: createHash('sha1').update(lua).digest('hex') }
}
