import { script } from './script.ts'

/**
 * Adds to a counter that is forgotten after so many seconds (0: never), and returns it. Safe to repeat with the same
 * mark, which is kept for so many seconds. KEYS: the counter, the mark; ARGV: by, seconds of the counter, of the mark.
 */
export const count = script(
  ['string'],
  `
if redis.call('EXISTS', KEYS[2]) == 0 then
  -- First what may be refused: then there is no mark either.
  redis.call('INCRBY', KEYS[1], ARGV[1])
  redis.call('SET', KEYS[2], 1, 'EX', ARGV[3])
  if tonumber(ARGV[2]) > 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
end
return tonumber(redis.call('GET', KEYS[1]) or '0')
`,
)
