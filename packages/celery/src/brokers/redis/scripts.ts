import { script } from '../../redis/script.ts'

/** The server's own clock, so that those of the workers need not agree. */
export const clock = `
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
`

/**
 * Removes nothing, but raises what Redis would say to a removal from the key: to be done before what is to be removed is
 * put elsewhere. It counts as a write that makes room, after which Redis lets a script go on though its memory is full.
 */
export function tried(command: 'HDEL' | 'ZREM', key: string): string {
  return `redis.call('${command}', ${key}, '')`
}

/** Characters of the messages in one answer, more or less: it has to come before the deadline of a command. */
export const answerSize = 4_000_000

/**
 * Settles messages and takes others, in one step: at no moment is a message in neither the queue nor `unacked`, which
 * kombu's own pop cannot promise. They are popped a few at a time, by the size of those before, until they fill an
 * answer. KEYS: unacked, its index, the queue's lists; ARGV: how many to take, the beginning and first number of their
 * tags, what to write behind them, tags to settle. Returns the messages, whether there may be more as the answer is
 * full (1), which of the tags were not in `unacked` any more, and the lists that Redis refused to read: their
 * places and its errors, in turn. A refusal to keep what would be taken is told as one of the first list, since what was
 * settled is settled.
 * When the lists were emptied they are read, so that the next push to one of them is told to this connection: a push
 * comes either before that reading or rings the bell.
 */
export const settleAndTake = script(
  ['hash', 'zset', 'list'],
  `
${clock}
${tried('HDEL', 'KEYS[1]')}
${tried('ZREM', 'KEYS[2]')}
local gone = {}
for i = 5, #ARGV, 1000 do
  local last = math.min(i + 999, #ARGV)
  if redis.call('HDEL', KEYS[1], unpack(ARGV, i, last)) < last - i + 1 then
    for n, score in ipairs(redis.call('ZMSCORE', KEYS[2], unpack(ARGV, i, last))) do
      if not score then gone[#gone + 1] = ARGV[i + n - 1] end
    end
  end
  redis.call('ZREM', KEYS[2], unpack(ARGV, i, last))
end
local want = tonumber(ARGV[1])
local taken, refused, size, k = {}, {}, 0, 3
if want == 0 then return {taken, 0, gone, refused} end
-- What is popped must be kept. Redis 7 says whether it will be; where it does not, or says no, it is tried and undone.
local may = redis.acl_check_cmd
if not (may and may('HSET', KEYS[1], '', '') and may('ZADD', KEYS[2], 0, '')) then
  for _, write in ipairs({{'ZADD', KEYS[2], 'XX', 0, ''}, {'HSET', KEYS[1], '', ''}, {'HDEL', KEYS[1], ''}}) do
    local reply = redis.pcall(unpack(write))
    if type(reply) == 'table' and reply.err then return {taken, 0, gone, {0, reply.err}} end
  end
end
while k <= #KEYS and #taken < want and size < ${answerSize} do
  local more = math.min(want - #taken, math.max(1, #taken), math.ceil((${answerSize} - size) * #taken / math.max(size, 1)) + 1)
  local items = redis.pcall('RPOP', KEYS[k], more)
  if type(items) == 'table' and items.err then
    refused[#refused + 1] = k - 3
    refused[#refused + 1] = items.err
    k = k + 1
  else
    for _, text in ipairs(items or {}) do
      taken[#taken + 1] = text
      size = size + #text
    end
    if not items or #items < more then k = k + 1 end
  end
end
if #taken > 0 then
  local first = tonumber(ARGV[3])
  local messages, scores = {}, {}
  for i, text in ipairs(taken) do
    local tag = ARGV[2] .. string.format('%.0f', first + i - 1)
    messages[#messages + 1] = tag
    messages[#messages + 1] = '[' .. text .. ARGV[4]
    scores[#scores + 1] = now
    scores[#scores + 1] = tag
  end
  redis.call('HSET', KEYS[1], unpack(messages))
  redis.call('ZADD', KEYS[2], unpack(scores))
end
local isFull = k <= #KEYS and #taken < want
if not isFull and #taken < want then
  for k = 3, #KEYS do redis.pcall('EXISTS', KEYS[k]) end
end
return {taken, isFull and 1 or 0, gone, refused}
`,
)

/** Reads fields of a hash, as many as fill an answer. KEYS: it; ARGV: the fields. */
export const readFields = script(
  ['hash'],
  `
local texts, size = {}, 0
for i = 1, #ARGV do
  local text = redis.call('HGET', KEYS[1], ARGV[i])
  texts[i] = text
  size = size + (text and #text or 0)
  if size >= ${answerSize} then break end
end
return texts
`,
)

/**
 * Takes without settling, for messages that are worth nothing later. KEYS: the queue's lists; ARGV: how many. Raises
 * what Redis refuses only when it has taken nothing.
 */
export const takeForGood = script(
  ['list'],
  `
local want = tonumber(ARGV[1])
local taken, refused = {}, nil
for _, key in ipairs(KEYS) do
  local items = #taken < want and redis.pcall('RPOP', key, want - #taken)
  if items and items.err then
    refused = items
  elseif items then
    for i = 1, #items do taken[#taken + 1] = items[i] end
  end
end
if #taken == 0 and refused then return refused end
if #taken < want then
  for _, key in ipairs(KEYS) do redis.pcall('EXISTS', key) end
end
return taken
`,
)

/**
 * Parks a message in the sorted set of its time; whoever waits for the first one is told of an earlier one. Returns
 * Redis's error when it refuses that, and then has parked nothing; raises none, as others may be in their lists already.
 */
const park = `
${clock}
local function park(id, milliseconds, list, text)
  local due = math.floor(now * 1000) + tonumber(milliseconds)
  local member = id .. ' ' .. list
  local reply = redis.pcall('ZADD', DELAYED, due, member)
  if type(reply) == 'table' then return reply end
  reply = redis.pcall('HSET', DELAYED_MESSAGES, member, text)
  if type(reply) == 'table' then
    -- A place without a message, where even this is refused, is passed over when it is due.
    redis.pcall('ZREM', DELAYED, member)
    return reply
  end
  if redis.pcall('ZRANGE', DELAYED, 0, 0)[1] == member then redis.pcall('SET', DELAYED_HEAD, due) end
end
`

/**
 * Publishes a batch once, however often it is sent: a publisher's batches are numbered, and one that is not newer
 * than the last does nothing, but what was refused of the last is answered again. What Redis says to every write, as a replica does, it says to that of the number: then
 * nothing is done, and the batch may be sent again. KEYS: the publisher's last number, delayed, its messages, its head;
 * ARGV: number, seconds to remember it, then for each message its list, its delay in milliseconds or nothing, an id and
 * its text.
 */
export const publishBatch = script(
  ['string', 'zset', 'hash', 'string'],
  `
local DELAYED, DELAYED_MESSAGES, DELAYED_HEAD = KEYS[2], KEYS[3], KEYS[4]
${park}
local batch = tonumber(ARGV[1])
local last, refused = string.match(redis.call('GET', KEYS[1]) or '0', '^(%d+) ?(.*)$')
if tonumber(last) >= batch then
  return tonumber(last) == batch and refused ~= '' and cjson.decode(refused) or {}
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
local errors = {}
for i = 3, #ARGV, 4 do
  local reply
  if ARGV[i + 1] ~= '' then
    reply = park(ARGV[i + 2], ARGV[i + 1], ARGV[i], ARGV[i + 3])
  else
    reply = redis.pcall('LPUSH', ARGV[i], ARGV[i + 3])
  end
  if type(reply) == 'table' and reply.err then
    errors[#errors + 1] = (i - 3) / 4
    errors[#errors + 1] = reply.err
  end
end
-- For who asks again as this answer was lost.
if #errors > 0 then redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. cjson.encode(errors), 'EX', ARGV[2]) end
return errors
`,
)

/**
 * Moves a message from this worker's hands to the set of those that wait for their time. KEYS: unacked, its index,
 * delayed, its messages, its head; ARGV: tag, milliseconds, list, length of what stands behind the message, and the
 * text to put in its place or nothing. 0 when it was not in its hands any more.
 */
export const delayTaken = script(
  ['hash', 'zset', 'zset', 'hash', 'string'],
  `
local DELAYED, DELAYED_MESSAGES, DELAYED_HEAD = KEYS[3], KEYS[4], KEYS[5]
${park}
local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value then return 0 end
${tried('HDEL', 'KEYS[1]')}
${tried('ZREM', 'KEYS[2]')}
local text = ARGV[5]
if text == '' then text = string.sub(value, 2, -1 - tonumber(ARGV[4])) end
local failed = park(ARGV[1], ARGV[2], ARGV[3], text)
if failed then return redis.error_reply(failed.err) end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
`,
)

/**
 * Moves what is due to the front of its list, the longest due first: it has stood in line before. KEYS: delayed, its
 * messages, its head; ARGV: how many at most. Returns how many were due, in how many milliseconds the next will
 * be (-1: none), and the lists that Redis refused to put them into, for which they wait another minute. Reads the head,
 * so that an earlier one is told to this connection.
 */
export const moveDue = script(
  ['zset', 'hash', 'string'],
  `
${clock}
local ms = now * 1000
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ms, 'LIMIT', 0, tonumber(ARGV[1]))
local refused = {}
if #due > 0 then
  ${tried('HDEL', 'KEYS[2]')}
  ${tried('ZREM', 'KEYS[1]')}
end
for i = #due, 1, -1 do
  local list = string.sub(due[i], string.find(due[i], ' ', 1, true) + 1)
  local text = redis.call('HGET', KEYS[2], due[i])
  local reply = text and redis.pcall('RPUSH', list, text)
  if type(reply) == 'table' and reply.err then
    redis.call('ZADD', KEYS[1], ms + 60000, due[i])
    refused[#refused + 1] = list
  else
    redis.call('HDEL', KEYS[2], due[i])
    redis.call('ZREM', KEYS[1], due[i])
  end
end
local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
redis.call('GET', KEYS[3])
return {#due, next[2] and math.max(0, math.ceil(tonumber(next[2]) - ms)) or -1, refused}
`,
)

/** Empties lists. KEYS: they. Returns how many messages these held. */
export const purgeLists = script(
  ['list'],
  `
local messages = 0
for _, list in ipairs(KEYS) do messages = messages + redis.call('LLEN', list) end
redis.call('UNLINK', unpack(KEYS))
return messages
`,
)

/** Binds a queue for a time: kombu removes the bindings of an exchange when nobody has renewed them. */
export const bindForATime = script(
  ['set', 'zset'],
  `
${clock}
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], 'GT', math.floor(now * 1000) + tonumber(ARGV[3]), ARGV[2])
`,
)

/** Puts a reply into a queue which, when nobody takes it, is gone after so many milliseconds. */
export const pushForATime = script(
  ['list'],
  `
if redis.call('LPUSH', KEYS[1], ARGV[1]) == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
`,
)

/** Takes back a beginning, unless the count was forgotten meanwhile: it would come again, and for ever. KEYS: the count. */
export const uncountStart = script(
  ['string'],
  `if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECR', KEYS[1]) end`,
)
