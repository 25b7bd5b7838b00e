import { createHash } from 'node:crypto'

/** A Lua script, which Redis knows by its hash once it was sent in full. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}
