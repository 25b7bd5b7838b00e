import { script } from '../../redis/script.ts'

/**
 * Keeps and tells states. KEYS: the tasks' keys; ARGV: seconds to keep them (0: for ever), then the documents.
 * Safe to repeat. What is SUCCESS stays so; the result within may hold the same words, so that only a decoded document
 * is believed.
 */
export const storeStates = script(
  ['string'],
  `
local expires = tonumber(ARGV[1])
local errors = {}
for i, key in ipairs(KEYS) do
  local old = redis.pcall('GET', key)
  local done = false
  if type(old) == 'string' and string.find(old, '"SUCCESS"', 1, true) then
    if string.find(old, '^{"status": ?"SUCCESS"') then
      done = true
    else
      local ok, meta = pcall(cjson.decode, old)
      done = ok and type(meta) == 'table' and meta.status == 'SUCCESS'
    end
  end
  if not done then
    local reply
    if expires > 0 then
      reply = redis.pcall('SET', key, ARGV[i + 1], 'EX', expires)
    else
      reply = redis.pcall('SET', key, ARGV[i + 1])
    end
    if not reply.err then reply = redis.pcall('PUBLISH', key, ARGV[i + 1]) end
    if type(reply) == 'table' and reply.err then
      errors[#errors + 1] = i - 1
      errors[#errors + 1] = reply.err
    end
  end
end
return errors
`,
)

/**
 * Hands in one part as Celery 5.7 does: each task and index once, and one at a time may complete it. KEYS: j, t, s,
 * d, c, group; ARGV: member, document, score, seconds to keep it (0: for ever), seconds of the claim, token.
 * A part without an index keeps the order of its arrival, behind those that have one.
 * Where the claim is held by this package it is taken over: who hands a part in again does so because whoever
 * completed the chord died before its body was sent.
 * What comes when the chord is done completes nothing, as in Celery, but is kept like others, which Celery does not: it
 * may be of the same chord published anew, whose size Python says when all tasks but the last are sent.
 */
export const addPart = script(
  ['zset', 'string', 'string', 'set', 'string', 'string'],
  `
local jkey, tkey, skey, dkey, ckey, gkey = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local claim = redis.call('GET', ckey)
local isDone = claim == 'done'
local score = ARGV[3]
if score == '' then score = 1e15 + redis.call('SCARD', dkey) end
-- Changes nothing, but raises what Redis would say: a part that is not kept must not be counted either.
redis.call('ZADD', jkey, 'XX', 0, '')
if redis.call('SADD', dkey, ARGV[1]) == 1 then
  redis.call('ZADD', jkey, score, ARGV[2])
end
local expires = tonumber(ARGV[4])
if expires > 0 then
  for _, key in ipairs({jkey, tkey, skey, dkey, gkey}) do redis.call('EXPIRE', key, expires) end
end
if isDone then return false end
local size = tonumber(redis.call('GET', skey) or '')
if not size then return false end
local joined = tonumber(redis.call('GET', tkey) or '0')
if redis.call('ZCARD', jkey) ~= size + joined then return false end
if claim and string.sub(claim, 1, 3) ~= 'ts:' then return false end
redis.call('SET', ckey, ARGV[6], 'EX', tonumber(ARGV[5]))
return redis.call('ZRANGE', jkey, 0, -1, 'WITHSCORES')
`,
)

/** Forgets a chord; for a while late parts of it complete nothing. KEYS: j, t, s, d, c; ARGV: seconds. */
export const forgetChord = script(
  ['zset', 'string', 'string', 'set', 'string'],
  `
if redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4]) > 0 then
  redis.call('SET', KEYS[5], 'done', 'EX', tonumber(ARGV[1]))
end
`,
)

/** A chord that is published anew is open again. KEYS: s, c; ARGV: size, seconds to keep it. */
export const setSize = script(
  ['string'],
  `
redis.call('DEL', KEYS[2])
if tonumber(ARGV[2]) > 0 then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', tonumber(ARGV[2]))
else
  redis.call('SET', KEYS[1], ARGV[1])
end
`,
)
