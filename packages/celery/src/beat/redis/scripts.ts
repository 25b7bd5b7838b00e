import { script } from '../../redis/script.ts'

/*
 * All entries are one hash, KEYS[1], of documents by name; times are milliseconds of Redis's own clock, so that
 * schedulers whose clocks differ agree on what is due and which claim is over.
 */
const opening = `
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local function get(name)
  local text = redis.call('HGET', KEYS[1], name)
  return text and cjson.decode(text)
end
local function put(name, entry)
  redis.call('HSET', KEYS[1], name, cjson.encode(entry))
end
`

/** ARGV: milliseconds of retention, then name, task, schedule and broker of each entry. */
export const register = script(
  ['hash'],
  `${opening}
local at = now()
for i = 2, #ARGV, 4 do
  local entry = get(ARGV[i]) or { since = at, runs = 0, paused = false }
  entry.task = ARGV[i + 1]
  entry.schedule = ARGV[i + 2]
  entry.broker = ARGV[i + 3]
  entry.seen = at
  put(ARGV[i], entry)
end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if at - cjson.decode(all[i + 1]).seen > tonumber(ARGV[1]) then redis.call('HDEL', KEYS[1], all[i]) end
end
`,
)

/** Returns the time, then name and document of each entry. */
export const read = script(
  ['hash'],
  `${opening}
return { tostring(now()), redis.call('HGETALL', KEYS[1]) }
`,
)

/**
 * ARGV: name, due, 'manual' or 'due', the claim's id, its milliseconds. Returns 1 when the run is the caller's to
 * send; the same claim made again is the caller's still.
 */
export const claim = script(
  ['hash'],
  `${opening}
local entry = get(ARGV[1])
if not entry then return 0 end
local at, due = now(), tonumber(ARGV[2])
if ARGV[3] == 'manual' then
  if entry.triggered ~= due then return 0 end
elseif entry.paused or entry.since >= due or due > at then
  return 0
end
if entry.claim and entry.claim ~= ARGV[4] and entry.claimUntil > at then return 0 end
entry.claim = ARGV[4]
entry.claimUntil = at + tonumber(ARGV[5])
put(ARGV[1], entry)
return 1
`,
)

/**
 * ARGV: name, due, 'manual' or 'due', the claim's id. Keeps that the run was sent; returns 0 when the claim had run
 * out and another has claimed the run since, who sends it too.
 */
export const confirm = script(
  ['hash'],
  `${opening}
local entry = get(ARGV[1])
if not entry or entry.confirmed == ARGV[4] then return 1 end
if entry.claim ~= ARGV[4] then return 0 end
local due = tonumber(ARGV[2])
entry.claim = nil
entry.claimUntil = nil
entry.confirmed = ARGV[4]
entry.lastSent = now()
entry.runs = entry.runs + 1
if ARGV[3] == 'manual' then
  entry.triggered = nil
else
  entry.lastDue = due
  entry.since = math.max(entry.since, due)
end
put(ARGV[1], entry)
return 1
`,
)

/** ARGV: name, the claim's id. */
export const release = script(
  ['hash'],
  `${opening}
local entry = get(ARGV[1])
if not entry or entry.claim ~= ARGV[2] then return 0 end
entry.claim = nil
entry.claimUntil = nil
put(ARGV[1], entry)
return 1
`,
)

/** ARGV: name, '1' or '0'. */
export const setPaused = script(
  ['hash'],
  `${opening}
local entry = get(ARGV[1])
if not entry then return 0 end
local paused = ARGV[2] == '1'
if entry.paused and not paused then entry.since = now() end
entry.paused = paused
put(ARGV[1], entry)
return 1
`,
)

/** ARGV: name. */
export const trigger = script(
  ['hash'],
  `${opening}
local entry = get(ARGV[1])
if not entry then return 0 end
entry.triggered = entry.triggered or now()
put(ARGV[1], entry)
return 1
`,
)
