import { script } from '../../redis/script.ts'
import { answerSize, clock, tried } from './scripts.ts'

/** Says of tags that they are still held. KEYS: unacked's index; ARGV: tags. Returns those that are gone. */
export const holdOn = script(
  ['zset'],
  `
${clock}
local scores = redis.call('ZMSCORE', KEYS[1], unpack(ARGV))
local held, gone = {}, {}
for i, tag in ipairs(ARGV) do
  if scores[i] then
    held[#held + 1] = now
    held[#held + 1] = tag
  else
    gone[#gone + 1] = tag
  end
end
if #held > 0 then redis.call('ZADD', KEYS[1], 'XX', unpack(held)) end
return gone
`,
)

/**
 * Looks for messages whose holder has not been heard of: for as many seconds as a tag of this package says, or for
 * the visibility timeout. KEYS: unacked, its index; ARGV: the shortest lease to look at, visibility timeout, where to
 * begin, how many to look at, how many to return at most. Returns how many were looked at, then tag, score and value of each.
 */
export const findAbandoned = script(
  ['hash', 'zset'],
  `
${clock}
local oldest = string.format('%.6f', now - tonumber(ARGV[1]))
local looked, size = 0, 0
local found = {0}
local page = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', oldest, 'WITHSCORES', 'LIMIT', ARGV[3], ARGV[4])
for i = 1, #page, 2 do
  local tag, score = page[i], page[i + 1]
  local lease = tonumber(string.match(tag, '^celery%-ts%-(%d+)%-') or ARGV[2])
  looked = looked + 1
  if tonumber(score) < now - lease then
    found[#found + 1] = tag
    found[#found + 1] = score
    local text = redis.call('HGET', KEYS[1], tag) or ''
    found[#found + 1] = text
    size = size + #text
    if #found > 3 * tonumber(ARGV[5]) or size >= ${answerSize} then break end
  end
end
found[1] = looked
return found
`,
)

/**
 * Puts messages back at the front of their lists, if they are still where they were. KEYS: unacked, its index; ARGV:
 * for each its tag, the score it must still have or nothing, how many lists, and these with the text for each.
 * Without a list the tag alone is removed. Returns how many were put back, and the keys among the lists that Redis
 * refuses to push to, as they hold something else or are not for this user: then it is put into none of its lists, and
 * stays where it is.
 */
export const restore = script(
  ['hash', 'zset'],
  `
${tried('HDEL', 'KEYS[1]')}
${tried('ZREM', 'KEYS[2]')}
local i, restored, refusals = 1, 0, {}
local function isRefused(reply) return type(reply) == 'table' and reply.err end
-- Tried first is what would undo it.
local function pushAll(first, last)
  for n = first, last, 2 do
    local reply = redis.pcall('RPOP', ARGV[n], 0)
    if not isRefused(reply) then reply = redis.pcall('RPUSH', ARGV[n], ARGV[n + 1]) end
    if isRefused(reply) then
      refusals[#refusals + 1] = ARGV[n]
      for pushed = n - 2, first, -2 do redis.call('RPOP', ARGV[pushed]) end
      return false
    end
  end
  return true
end
while i <= #ARGV do
  local tag, score, lists = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local isThere = redis.call('HEXISTS', KEYS[1], tag) == 1 or lists == 0
  local isIdle = score == '' or redis.call('ZSCORE', KEYS[2], tag) == score
  if isThere and isIdle and pushAll(i + 3, i + 2 + 2 * lists) then
    redis.call('HDEL', KEYS[1], tag)
    redis.call('ZREM', KEYS[2], tag)
    restored = restored + 1
  end
  i = i + 3 + 2 * lists
end
return {restored, refusals}
`,
)
