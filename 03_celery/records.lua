-- The record of a job, and the only ways in which it changes. Redis runs this file as one step, with
-- nothing in between, so that a record, its key and the sets that count it never differ.
--
--   task:ID         a hash: name, status, queued_at, message, ... until RESULT_TTL_S after the end
--   tasks:STATUS    a sorted set for each status: a job is in exactly one, so its size is the count
--   tasks:open      the jobs that should have a message, by when it was last heard of
--   key:KEY         a hash: the job that an Idempotency-Key stands for, and what was asked for
--   jobs:ID         a list: the jobs of one workflow
--   workers         a hash: how many jobs each worker runs at once, and when it was heard of

local time = redis.call('TIME') -- of Redis alone: several machines never agree on an order
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local FINAL = { succeeded = true, failed = true, cancelled = true }

local function get(id, name) return redis.call('HGET', 'task:' .. id, name) end
local function set(id, ...) redis.call('HSET', 'task:' .. id, ...) end
local function text(seconds) return string.format('%.6f', seconds) end

local function move(id, status, score)
  local before = get(id, 'status')
  redis.call('ZADD', 'tasks:' .. status, score, id) -- first: a full Redis refuses it, not a ZREM
  set(id, 'status', status)
  if before and before ~= status then redis.call('ZREM', 'tasks:' .. before, id) end
end

local function finish(id, status)
  local began = tonumber(get(id, 'started_at') or get(id, 'queued_at'))
  move(id, status, now)
  set(id, 'finished_at', text(math.max(now, began)))
  redis.call('HDEL', 'task:' .. id, 'message', 'wish')
  redis.call('ZREM', 'tasks:open', id)
end

local function wait_again(id)
  if get(id, 'wish') then return finish(id, 'cancelled') end
  move(id, 'queued', tonumber(get(id, 'queued_at')))
end

local function create(id, name)
  set(id, 'name', name, 'queued_at', text(now), 'attempts', 0, 'retries', 0)
  move(id, 'queued', now)
end

local function plan(jobs_id, id, name)
  if get(id, 'status') then return end
  create(id, name)
  set(id, 'jobs', jobs_id)
  redis.call('RPUSH', 'jobs:' .. jobs_id, id)
end

local function take(id, name, message, queue, list, retries, group)
  local status = get(id, 'status')
  if FINAL[status] then return false end
  if status and tonumber(retries) < tonumber(get(id, 'retries')) then return false end -- an old copy
  if not status then create(id, name) end
  if status == 'running' and tonumber(retries) > tonumber(get(id, 'retries')) then
    if get(id, 'wish') then return false end -- the run says next that it waits: `close` grants it
    set(id, 'gave_up', get(id, 'run')) -- the next run may begin before this one says so
    wait_again(id)
  end
  set(id, 'message', message, 'queue', queue, 'retries', retries)
  if group ~= '' then set(id, 'group', group) end
  redis.call('ZADD', 'tasks:open', now, id)
  if list ~= '' then redis.call('LPUSH', list, message) end
  return true
end

local function is_new(id) return get(id, 'status') == 'queued' and get(id, 'attempts') == '0' end

local function forget(id)
  local facts = redis.call('HMGET', 'task:' .. id, 'status', 'key', 'jobs', 'group')
  if not facts[1] then return end
  if facts[2] and redis.call('HGET', 'key:' .. facts[2], 'id') == id then
    redis.call('DEL', 'key:' .. facts[2])
  end
  if facts[3] then redis.call('LREM', 'jobs:' .. facts[3], 0, id) end
  local group = 'celery-taskset-meta-' .. (facts[4] or '')
  if facts[4] and redis.call('EXISTS', group .. '.s') == 0 then -- a chord that has ended
    redis.call('DEL', group, group .. '.j', group .. '.t', group .. '.d')
  end
  redis.call('ZREM', 'tasks:' .. facts[1], id)
  redis.call('ZREM', 'tasks:open', id)
  redis.call('DEL', 'task:' .. id)
end

-- --8<-- [start:transitions]
local transitions = {}

-- Take the jobs of a request with their messages, all or none; or note that an open job gets another
-- message: a retry, or a copy of the last one. Where the broker is this Redis, each message names
-- its list and is put there in the same step. Jobs of a workflow that come later have no message yet.
function transitions.accept(deadline, key, fingerprint, jobs_id, planned, ...)
  -- A frozen Redis reads this when the client has long got its 503: too late to take a job.
  if deadline ~= '' and now > tonumber(deadline) then return { 'late', text(now) } end
  local facts = { ... }
  if key ~= '' then
    local owner = redis.call('HMGET', 'key:' .. key, 'id', 'fingerprint')
    if owner[1] and owner[2] ~= fingerprint then return { 'reused', text(now) } end
    if owner[1] and owner[1] ~= facts[1] then
      -- Its first request may have got a 503, because the answer was late: now it is promised.
      if is_new(owner[1]) then set(owner[1], 'promised', 1) end
      return { 'same', text(now), owner[1] }
    end
    redis.call('HSET', 'key:' .. key, 'id', facts[1], 'fingerprint', fingerprint)
    set(facts[1], 'key', key)
  end
  local taken, first = { 'taken', text(now) }, 1 + 2 * planned
  for n = 1, first - 1, 2 do plan(jobs_id, facts[n], facts[n + 1]) end
  for n = first, #facts, 7 do
    if take(unpack(facts, n, n + 6)) then taken[#taken + 1] = facts[n] end
  end
  return taken
end

-- Forget jobs whose request was refused after all, unless a worker has them or the same request has
-- come again.
function transitions.withdraw(...)
  for _, id in ipairs({ ... }) do
    if is_new(id) and not get(id, 'promised') then forget(id) end
  end
end

-- Let one delivery run the job. `run` tells it from every other one; the same run may ask again,
-- because the answer can get lost. Of a job that has ended it answers how.
function transitions.begin(id, run, silent_s)
  local status = get(id, 'status')
  if not status then return { 'unknown' } end
  if FINAL[status] then return { status } end
  if status == 'running' and get(id, 'run') == run then return { 'go', get(id, 'attempts') } end
  local heard_at = tonumber(redis.call('ZSCORE', 'tasks:running', id) or 0)
  if status == 'running' and now - heard_at < tonumber(silent_s) then return { 'busy' } end
  if get(id, 'wish') then
    finish(id, 'cancelled')
    return { 'granted' }
  end
  move(id, 'running', now)
  redis.call('ZADD', 'tasks:open', 'XX', now, id)
  set(id, 'run', run, 'started_at', text(math.max(now, tonumber(get(id, 'queued_at')))))
  return { 'go', tostring(redis.call('HINCRBY', 'task:' .. id, 'attempts', 1)) }
end

-- Answers whether the job is still this run's: a worker that stood still for long may have lost it.
function transitions.progress(id, run, percent, ran_in)
  local status = get(id, 'status')
  if not status then return 1 end -- Redis was emptied: nobody else has the job
  if status ~= 'running' or get(id, 'run') ~= run then return 0 end
  set(id, 'progress', percent, 'ran_in', ran_in)
  return 1
end

-- End the job, or let it wait for its next attempt (`queued`). Answers what became of it, nothing if
-- it was not this call: a job ends once, and a run whose job was given to another one has no say any
-- more. `run` is empty where the worker speaks for a process that has died.
function transitions.close(id, run, status, meta, error)
  local before = get(id, 'status')
  if not before then return '' end
  if run ~= '' and get(id, 'run') ~= run then
    return (status == 'queued' and get(id, 'gave_up') == run) and status or ''
  end
  if FINAL[before] then return (run ~= '' and before == status) and status or '' end
  set(id, 'meta', meta, 'error', error)
  if status == 'queued' and before == 'running' then wait_again(id) end
  if FINAL[status] then
    finish(id, status)
    redis.call('PUBLISH', 'celery-task-meta-' .. id, meta) -- for `AsyncResult.get`
  end
  return get(id, 'status')
end

-- Give back a job whose process is being ended; a wish to cancel it is granted by that.
function transitions.put_back(id, run)
  if get(id, 'status') ~= 'running' or get(id, 'run') ~= run then return '' end
  wait_again(id)
  return get(id, 'status')
end

-- End a job that waits. Of one that runs, only its worker can say so: until then it is a wish.
function transitions.cancel(id, waiting_only)
  local status = get(id, 'status')
  if status == 'queued' then
    local message = get(id, 'message')
    finish(id, 'cancelled')
    return { 'cancelled', message }
  end
  if status ~= 'running' then return { 'ended' } end
  if waiting_only == '0' then set(id, 'wish', 1) end
  return { 'running' }
end

-- --8<-- [end:transitions]
-- What lies ahead of the clock is older than the last time that it was set back: count from now.
local function bring_back(set)
  local ahead = redis.call('ZRANGEBYSCORE', set, '(' .. text(now), '+inf', 'LIMIT', 0, 100)
  for _, id in ipairs(ahead) do redis.call('ZADD', set, now, id) end
end

-- Note that a worker lives, which jobs it runs, and which messages it or the broker holds.
function transitions.hear(worker, processes, running, ...)
  for _, set in ipairs({ 'open', 'running', 'succeeded', 'failed', 'cancelled' }) do
    bring_back('tasks:' .. set)
  end
  local ids = { ... }
  if worker ~= '' then redis.call('HSET', 'workers', worker, processes .. ' ' .. text(now)) end
  for n, id in ipairs(ids) do
    if n <= tonumber(running) then redis.call('ZADD', 'tasks:running', 'XX', now, id) end
    redis.call('ZADD', 'tasks:open', 'XX', now, id)
  end
end

-- Name the jobs that ended longer ago than this; their files go first, then `forget`.
function transitions.expired(ttl_s, most)
  local ids = {}
  for status in pairs(FINAL) do
    local left = tonumber(most) - #ids
    local until_then = now - tonumber(ttl_s)
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'tasks:' .. status, '-inf', until_then,
                                   'LIMIT', 0, left)) do
      ids[#ids + 1] = id
    end
  end
  return ids
end

-- Forget the workers that were killed: in a container each has a new name.
function transitions.forget_workers(silent_s)
  local facts = redis.call('HGETALL', 'workers')
  for n = 1, #facts, 2 do
    local heard_at = tonumber(string.match(facts[n + 1], ' (.*)'))
    if now - heard_at > tonumber(silent_s) then redis.call('HDEL', 'workers', facts[n]) end
  end
end

function transitions.forget(...)
  for _, id in ipairs({ ... }) do
    if FINAL[get(id, 'status')] then forget(id) end
  end
end

return transitions[ARGV[1]](unpack(ARGV, 2))
