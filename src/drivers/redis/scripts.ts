/**
 * One script for each transition of the ledger. Each validates first and writes last (Redis never rolls a script back), touches only the
 * keys it was given (Redis Cluster), and does no harm when a client sends it again after a lost answer.
 */
export const scripts = {
  /**
   * KEYS: row, due, list, waiting, line, waiting of the tenant, stored bytes, versions, told, then the idempotency keys, then the rows of
   * the runs that it succeeds.
   * ARGV: id, revision, json, status, action, bot, tenant, idempotency keys as JSON, dueAt or '', deadlineAt, maxWaiting,
   * most that wait of the tenant or '', most stored bytes or '', version of the bot or '', window, ids of the runs whose keys may be taken
   * with a space before and behind each, number of rows that it succeeds, then the fingerprints, then id, revision and json of each such row.
   */
  createRun: `
    local known = redis.call('HGET', KEYS[1], 'json')
    if known then return {'created', known} end
    local owner
    local linked = tonumber(ARGV[17])
    local last = #KEYS - linked
    for i = 10, last do
      local claim = redis.call('GET', KEYS[i])
      if claim then
        local id, fingerprint = string.match(claim, '^(%S+) (.*)$')
        if fingerprint ~= ARGV[i + 8] then return {'key_reused'} end
        if not string.find(ARGV[16], ' ' .. id .. ' ', 1, true) then owner = owner or id end
      end
    end
    if owner then return {'existing', owner} end
    for i = 1, linked do
      local revision = redis.call('HGET', KEYS[last + i], 'revision')
      if revision and tonumber(revision) + 1 ~= tonumber(ARGV[last + 7 + 3 * i]) then return {'existing', ARGV[last + 6 + 3 * i]} end
    end
    local waits = ARGV[4] == 'queued'
    local ahead = redis.call('SCARD', KEYS[4])
    if waits and ahead >= tonumber(ARGV[11]) then return {'full'} end
    if waits and ARGV[12] ~= '' then
      local time = redis.call('TIME')
      redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', time[1] * 1000 + math.floor(time[2] / 1000))
      local used = redis.call('ZCARD', KEYS[6])
      if used >= tonumber(ARGV[12]) then return {'waiting', tostring(used)} end
    end
    if ARGV[13] ~= '' then
      local used = tonumber(redis.call('GET', KEYS[7]) or 0)
      if used + #ARGV[3] > tonumber(ARGV[13]) then return {'stored_bytes', tostring(used)} end
    end
    redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'json', ARGV[3], 'status', ARGV[4], 'action', ARGV[5], 'bot', ARGV[6],
      'tenant', ARGV[7], 'keys', ARGV[8], 'counted', #ARGV[3], 'version', ARGV[14])
    if ARGV[14] ~= '' then redis.call('HINCRBY', KEYS[8], ARGV[14], 1) end
    redis.call('INCRBY', KEYS[7], #ARGV[3])
    for i = 10, last do redis.call('SET', KEYS[i], ARGV[1] .. ' ' .. ARGV[i + 8]) end
    for i = 1, linked do
      local before = redis.call('HMGET', KEYS[last + i], 'revision', 'counted')
      local json = ARGV[last + 8 + 3 * i]
      if before[1] then
        redis.call('HSET', KEYS[last + i], 'revision', ARGV[last + 7 + 3 * i], 'json', json, 'counted', #json)
        redis.call('INCRBY', KEYS[7], #json - tonumber(before[2] or 0))
      end
    end
    if ARGV[9] ~= '' then redis.call('ZADD', KEYS[2], ARGV[9], ARGV[1]) end
    redis.call('ZADD', KEYS[3], 0, ARGV[1])
    if waits then
      redis.call('SADD', KEYS[4], ARGV[1])
      local place = redis.call('HINCRBY', KEYS[9], 'newest', 1)
      redis.call('HSET', KEYS[1], 'place', place)
      redis.call('ZADD', KEYS[5], place, ARGV[1])
      local isNext = ahead == 0 or tonumber(redis.call('HGET', KEYS[9], 'told') or -1) == place - 1
      if isNext and ahead < tonumber(ARGV[15]) then redis.call('HSET', KEYS[9], 'told', place) end
      redis.call('ZADD', KEYS[6], ARGV[10], ARGV[1])
    end
    return {'created', '', tostring(ahead)}`,

  /**
   * Gives an existing run the keys that it lacks. KEYS: its row, then the idempotency keys. ARGV: id, the keys as JSON, then the fingerprints.
   * Answers the run as it is now.
   */
  claimKeys: `
    local row = redis.call('HMGET', KEYS[1], 'json', 'keys')
    if not row[1] then return {'gone'} end
    local names = cjson.decode(ARGV[2])
    local known = cjson.decode(row[2])
    local lacking = {}
    for i = 2, #KEYS do
      local claim = redis.call('GET', KEYS[i])
      if not claim then lacking[#lacking + 1] = i
      elseif string.match(claim, '^%S+ (.*)$') ~= ARGV[i + 1] then return {'key_reused'} end
    end
    for _, i in ipairs(lacking) do
      redis.call('SET', KEYS[i], ARGV[1] .. ' ' .. ARGV[i + 1])
      known[#known + 1] = names[i - 1]
    end
    if #lacking > 0 then redis.call('HSET', KEYS[1], 'keys', cjson.encode(known)) end
    return {'existing', row[1]}`,

  /**
   * KEYS: row, due, waiting, line, waiting of the tenant, stored bytes, versions, callbacks that are due, runs that have called back.
   * ARGV: id, revision, json, status, dueAt or '', channel, event, 'row' when the event has the row below it, deadlineAt, version or '',
   * when its next callback is due or '' ('none': it has not called back).
   * The very same row again is the same update, sent again. 'counted' is what the stored bytes hold of the row: nothing of one that was
   * written before they were counted.
   */
  updateRun: `
    local row = redis.call('HMGET', KEYS[1], 'revision', 'status', 'counted', 'version')
    if row[1] == ARGV[2] and redis.call('HGET', KEYS[1], 'json') == ARGV[3] then return 1 end
    if not row[1] or tonumber(row[1]) + 1 ~= tonumber(ARGV[2]) then return 0 end
    redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'json', ARGV[3], 'status', ARGV[4], 'counted', #ARGV[3],
      'version', ARGV[10])
    if row[4] and row[4] ~= '' and row[4] ~= ARGV[10] then redis.call('HINCRBY', KEYS[7], row[4], -1) end
    if ARGV[10] ~= '' and row[4] ~= ARGV[10] then redis.call('HINCRBY', KEYS[7], ARGV[10], 1) end
    redis.call('INCRBY', KEYS[6], #ARGV[3] - tonumber(row[3] or 0))
    if ARGV[5] == '' then redis.call('ZREM', KEYS[2], ARGV[1]) else redis.call('ZADD', KEYS[2], ARGV[5], ARGV[1]) end
    if ARGV[4] == 'queued' then
      redis.call('SADD', KEYS[3], ARGV[1])
      redis.call('ZADD', KEYS[4], redis.call('HGET', KEYS[1], 'place') or 0, ARGV[1])
      redis.call('ZADD', KEYS[5], ARGV[9], ARGV[1])
    elseif row[2] == 'queued' then
      redis.call('SREM', KEYS[3], ARGV[1])
      redis.call('ZREM', KEYS[4], ARGV[1])
      redis.call('ZREM', KEYS[5], ARGV[1])
    end
    if ARGV[11] ~= 'none' then
      redis.call('ZADD', KEYS[9], 0, ARGV[1])
      if ARGV[11] == '' then redis.call('ZREM', KEYS[8], ARGV[1]) else redis.call('ZADD', KEYS[8], ARGV[11], ARGV[1]) end
    end
    redis.call('PUBLISH', ARGV[6], ARGV[8] == 'row' and ARGV[7] .. '\\n' .. ARGV[3] or ARGV[7])
    return 1`,

  /**
   * Brings back a row that was confirmed and is older now, or gone. KEYS and ARGV as in createRun, without what may be at most and what was told.
   */
  restoreRun: `
    for i = 9, #KEYS do redis.call('SET', KEYS[i], ARGV[1] .. ' ' .. ARGV[i + 3], 'NX') end
    local row = redis.call('HMGET', KEYS[1], 'revision', 'keys', 'counted', 'version')
    if #KEYS > 8 and (not row[2] or row[2] == '[]') and row[1] then redis.call('HSET', KEYS[1], 'keys', ARGV[8]) end
    if row[1] and tonumber(row[1]) >= tonumber(ARGV[2]) then return 0 end
    redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'json', ARGV[3], 'status', ARGV[4], 'action', ARGV[5], 'bot', ARGV[6],
      'tenant', ARGV[7], 'counted', #ARGV[3], 'version', ARGV[11])
    if row[4] and row[4] ~= '' and row[4] ~= ARGV[11] then redis.call('HINCRBY', KEYS[8], row[4], -1) end
    if ARGV[11] ~= '' and row[4] ~= ARGV[11] then redis.call('HINCRBY', KEYS[8], ARGV[11], 1) end
    redis.call('INCRBY', KEYS[7], #ARGV[3] - tonumber(row[3] or 0))
    if not row[1] then redis.call('HSET', KEYS[1], 'keys', ARGV[8]) end
    redis.call('ZADD', KEYS[3], 0, ARGV[1])
    if ARGV[9] == '' then redis.call('ZREM', KEYS[2], ARGV[1]) else redis.call('ZADD', KEYS[2], ARGV[9], ARGV[1]) end
    if ARGV[4] == 'queued' then
      redis.call('SADD', KEYS[4], ARGV[1])
      redis.call('ZADD', KEYS[5], redis.call('HGET', KEYS[1], 'place') or 0, ARGV[1])
      redis.call('ZADD', KEYS[6], ARGV[10], ARGV[1])
    else
      redis.call('SREM', KEYS[4], ARGV[1])
      redis.call('ZREM', KEYS[5], ARGV[1])
      redis.call('ZREM', KEYS[6], ARGV[1])
    end
    return 1`,

  /** After `restoreRun`. KEYS: callbacks that are due, runs that have called back. ARGV: id, when its next callback is due or ''. */
  restoreCallbacks: `
    redis.call('ZADD', KEYS[2], 0, ARGV[1])
    if ARGV[2] == '' then redis.call('ZREM', KEYS[1], ARGV[1]) else redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end`,

  /** KEYS: row, due, list, waiting, line, waiting of the tenant, stored bytes, versions, artifacts, then the idempotency keys. ARGV: id. */
  deleteRun: `
    for i = 10, #KEYS do
      local claim = redis.call('GET', KEYS[i])
      if claim and string.match(claim, '^%S+') == ARGV[1] then redis.call('DEL', KEYS[i]) end
    end
    redis.call('ZREM', KEYS[2], ARGV[1])
    redis.call('ZREM', KEYS[3], ARGV[1])
    redis.call('SREM', KEYS[4], ARGV[1])
    redis.call('ZREM', KEYS[5], ARGV[1])
    redis.call('ZREM', KEYS[6], ARGV[1])
    redis.call('DECRBY', KEYS[7], (redis.call('HGET', KEYS[1], 'counted') or 0) + (redis.call('HGET', KEYS[9], 'counted') or 0))
    local version = redis.call('HGET', KEYS[1], 'version')
    if version and version ~= '' then redis.call('HINCRBY', KEYS[8], version, -1) end
    redis.call('UNLINK', KEYS[1], KEYS[9])
    return 1`,

  /** KEYS: line, told. ARGV: window. */
  nextInLine: `
    local told = tonumber(redis.call('HGET', KEYS[2], 'told') or 0)
    local new = {}
    local first = redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1, 'WITHSCORES')
    for i = 1, #first, 2 do
      if tonumber(first[i + 1]) > told then
        new[#new + 1] = first[i]
        redis.call('HSET', KEYS[2], 'told', first[i + 1])
      end
    end
    return new`,

  /** KEYS: artifacts, stored bytes. ARGV: name, content, media type, tenant, most stored bytes. 'counted' as in the row of a run. */
  putArtifact: `
    local before = tonumber(redis.call('HGET', KEYS[1], 'counted:' .. ARGV[1]) or 0)
    local more = #ARGV[2] - before
    if tonumber(redis.call('GET', KEYS[2]) or 0) + more > tonumber(ARGV[5]) then return 0 end
    redis.call('HSET', KEYS[1], 'content:' .. ARGV[1], ARGV[2], 'type:' .. ARGV[1], ARGV[3], 'counted:' .. ARGV[1], #ARGV[2],
      'tenant', ARGV[4])
    redis.call('HINCRBY', KEYS[1], 'counted', more)
    redis.call('INCRBY', KEYS[2], more)
    return 1`,

  /** KEYS: artifacts, stored bytes. */
  deleteArtifacts: `
    redis.call('DECRBY', KEYS[2], redis.call('HGET', KEYS[1], 'counted') or 0)
    return redis.call('UNLINK', KEYS[1])`,

  /** KEYS: its row, due. ARGV: id, what was read as its row. A run that is there by now stays. */
  dropDue: `
    local row = redis.pcall('HGET', KEYS[1], 'json')
    if type(row) == 'string' and row ~= ARGV[2] then return 0 end
    return redis.call('ZREM', KEYS[2], ARGV[1])`,

  /** KEYS: rows. ARGV: limit, status, action, bot ('' is any). Answers the rows that fit, each with its place in KEYS, from 0. */
  filterRuns: `
    local found = {}
    local limit = tonumber(ARGV[1])
    for i = 1, #KEYS do
      if #found == limit then break end
      local row = redis.pcall('HMGET', KEYS[i], 'status', 'action', 'bot')
      if row[1] and (ARGV[2] == '' or ARGV[2] == row[1]) and (ARGV[3] == '' or ARGV[3] == row[2]) and (ARGV[4] == '' or ARGV[4] == row[3]) then
        found[#found + 1] = {tostring(i - 1), redis.call('HGET', KEYS[i], 'json')}
      end
    end
    return found`,

  /** KEYS: slot. ARGV: holder, limit, untilMs. */
  acquireSlot: `
    local time = redis.call('TIME')
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time[1] * 1000 + math.floor(time[2] / 1000))
    if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
    redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
    return 1`,

  /** Adds to the set, which lives from its first member on. KEYS: set. ARGV: member, for how many milliseconds. */
  arrive: `
    redis.call('SADD', KEYS[1], ARGV[1])
    if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end`,

  /** KEYS: session. ARGV: revision, json, expiresAt. The very same write again is the same write. */
  putSession: `
    local row = redis.call('HMGET', KEYS[1], 'revision', 'json')
    if row[1] == ARGV[1] then return row[2] == ARGV[2] and 1 or 0 end
    if tonumber(row[1] or 0) + 1 ~= tonumber(ARGV[1]) then return 0 end
    redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'json', ARGV[2])
    redis.call('PEXPIREAT', KEYS[1], ARGV[3])
    return 1`,

  /** KEYS: records, stamp. ARGV: id, json. */
  putRecord: `
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    return redis.call('INCR', KEYS[2])`,

  /** KEYS: records, stamp. ARGV: id. */
  deleteRecord: `
    local gone = redis.call('HDEL', KEYS[1], ARGV[1])
    if gone == 1 then redis.call('INCR', KEYS[2]) end
    return gone`
} as const

export type ScriptName = keyof typeof scripts
