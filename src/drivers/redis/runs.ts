import { allPartitions } from '../../core/ids.ts'
import { type Created, type LineQuery, mostLookedAt, type RunPage, type RunQuery, type Store } from '../../core/ports.ts'
import { statusEvent } from '../../core/run.ts'
import type { Run } from '../../core/types.ts'
import { versionOf } from '../../core/version.ts'
import type { Connection } from './connection.ts'
import type { RedisKeys } from './keys.ts'
import type { Memory } from './memory.ts'

type Answer = readonly ['created' | 'existing' | 'key_reused' | 'full' | 'waiting' | 'stored_bytes' | 'gone', string?, string?]
type Runs = Pick<
  Store,
  'createRun' | 'getRun' | 'updateRun' | 'listRuns' | 'firstInLine' | 'nextInLine' | 'neededVersions' | 'dueRuns' | 'deleteRun'
>

/** Ids read at once when a list is filtered. */
const filteredPageSize = 500

export function redisRuns({ send, script }: Connection, keys: RedisKeys, memory: Memory): Runs {
  const getRun = async (id: string): Promise<Run | undefined> => {
    const json = await send(redis => redis.hget(keys.row(id), 'json'))
    return json === null ? undefined : (JSON.parse(json) as Run)
  }

  const createRun: Store['createRun'] = async (run, gate) => {
    const names = JSON.stringify(gate.keys.map(({ key }) => key))
    const claims = gate.keys.map(({ key }) => keys.idempotency(run.tenant, key))
    const fingerprints = gate.keys.map(({ fingerprint }) => fingerprint)
    const { id, revision, status, action, bot, tenant, dueAt, deadlineAt } = run
    const { waiting = '', storedBytes = '' } = gate.quotas ?? {}
    const [outcome, detail, ahead] = (await script(
      'createRun',
      [keys.row(id), ...keys.indexes(run), keys.told(tenant, bot), ...claims],
      [
        ...[id, revision, JSON.stringify(run), status, action, bot, tenant, names, dueAt ?? '', deadlineAt],
        ...[gate.maxWaiting, waiting, storedBytes, versionOf(run) ?? '', gate.window ?? 0, ...fingerprints]
      ]
    )) as Answer
    if (outcome === 'created') memory.keep(run, gate.keys)
    if (outcome === 'created' && detail === '') return { outcome, run, ...(ahead !== '0' && { ahead: Number(ahead) }) }
    if (outcome !== 'existing') return toCreated(outcome, detail)
    // The script could not touch the owner's row: its key was not known before.
    const owner = detail as string
    const [found, json] = (await script('claimKeys', [keys.row(owner), ...claims], [owner, names, ...fingerprints])) as Answer
    return found === 'gone' ? createRun(run, gate) : toCreated(found, json)
  }

  const rowsOf = async (ids: readonly string[]): Promise<readonly Run[]> => {
    if (ids.length === 0) return []
    const rows = await pipelined<string | null>(ids.map(id => ['hget', keys.row(id), 'json']))
    return rows.flatMap(json => (json === null ? [] : [JSON.parse(json) as Run]))
  }

  /** One write for all commands; each stands for itself. */
  const pipelined = <T>(commands: readonly (readonly (string | number)[])[]): Promise<T[]> =>
    send(async redis => {
      const answers = (await redis.pipeline(commands as unknown[][]).exec()) ?? []
      return answers.map(([error, value]) => {
        if (error) throw error
        return value as T
      })
    })

  /** Without an index for each filter: those would have to be kept at every write, and nobody could build them under processes that do not. */
  const listRuns = async (query: RunQuery): Promise<RunPage> => {
    const { tenant, status = '', action = '', bot = '', limit, most = mostLookedAt } = query
    const pageSize = status || action || bot ? filteredPageSize : limit
    const runs: Run[] = []
    let [looked, last] = [0, query.before]
    while (runs.length < limit && looked < most) {
      const upper = last === undefined ? '+' : `(${last}`
      const size = Math.min(pageSize, most - looked)
      const ids = await send(redis => redis.zrevrangebylex(keys.list(tenant), upper, '-', 'LIMIT', 0, size))
      const rows = ids.length === 0 ? [] : await script('filterRuns', ids.map(keys.row), [limit - runs.length, status, action, bot])
      for (const json of rows as string[]) runs.push(JSON.parse(json) as Run)
      const isFull = runs.length >= limit
      const until = isFull ? ids.indexOf(runs.at(-1)?.id ?? '') + 1 : ids.length
      looked += until
      last = ids[until - 1] ?? last
      if (!isFull && ids.length < size) return { runs, looked }
    }
    return { runs, looked, next: last }
  }

  /** A process that knows no line leaves in it what it took up: that goes as soon as it is seen. */
  const firstInLine = async (query: LineQuery): Promise<readonly string[]> => {
    const line = keys.line(query.tenant, query.bot)
    const ids = await send(redis => redis.zrange(line, '0', String(query.window - 1)))
    if (ids.length === 0) return ids
    const statuses = await pipelined<string | null>(ids.map(id => ['hget', keys.row(id), 'status']))
    const gone = ids.filter((_, i) => statuses[i] !== 'queued')
    if (gone.length === 0) return ids
    await send(redis => redis.zrem(line, ...gone))
    return firstInLine(query)
  }

  return {
    createRun,
    getRun,
    async updateRun(next) {
      const { id, revision, status } = next
      const json = JSON.stringify(next)
      const [due, , ...counts] = keys.indexes(next)
      const { run: told, ...head } = statusEvent(next, json.length)
      const written = await script(
        'updateRun',
        [keys.row(id), due, ...counts],
        [
          ...[id, revision, json, status, next.dueAt ?? '', keys.channel, JSON.stringify(head)],
          ...[told === undefined ? 'head' : 'row', next.deadlineAt, versionOf(next) ?? '']
        ]
      )
      if (written === 1) memory.keep(next)
      return written === 1
    },
    listRuns,
    firstInLine,
    async nextInLine({ tenant, bot, window }) {
      return (await script('nextInLine', [keys.line(tenant, bot), keys.told(tenant, bot)], [window])) as string[]
    },
    async neededVersions(ids) {
      if (ids.length === 0) return []
      const counts = await pipelined<(string | null)[]>(allPartitions.map(partition => ['hmget', keys.versions(partition), ...ids]))
      return ids.filter((_, i) => counts.some(count => Number(count[i] ?? 0) > 0))
    },
    async dueRuns(now, limit) {
      const commands = allPartitions.map(partition => [
        'zrange',
        keys.due(partition),
        '-inf',
        now,
        'BYSCORE',
        'LIMIT',
        0,
        limit,
        'WITHSCORES'
      ])
      const due = (await pipelined<string[]>(commands)).flatMap(pairs)
      due.sort((a, b) => a.score - b.score)
      const rows = await rowsOf(due.slice(0, limit).map(({ member }) => member))
      // The rows are read after the index: one that moved on in between is not due any more.
      return rows.filter(({ dueAt }) => dueAt !== null && dueAt <= now)
    },
    async deleteRun(id) {
      memory.forget(id)
      const [tenant, bot, idempotency] = await send(redis => redis.hmget(keys.row(id), 'tenant', 'bot', 'keys'))
      if (!tenant || !bot || !idempotency) return
      const claims = (JSON.parse(idempotency) as string[]).map(key => keys.idempotency(tenant, key))
      await script('deleteRun', [keys.row(id), ...keys.indexes({ id, tenant, bot }), keys.artifacts(id), ...claims], [id])
    }
  }
}

function toCreated(outcome: Answer[0], json: string | undefined): Created {
  if (outcome === 'created' || outcome === 'existing') return { outcome, run: JSON.parse(json as string) as Run }
  if (outcome === 'key_reused' || outcome === 'full') return { outcome }
  if (outcome === 'waiting' || outcome === 'stored_bytes') return { outcome: 'over_quota', quota: outcome, used: Number(json) }
  throw new Error(`The ledger answered ${outcome}`)
}

function pairs(flat: readonly string[]): { member: string; score: number }[] {
  const found: { member: string; score: number }[] = []
  for (let i = 0; i < flat.length; i += 2) found.push({ member: flat[i] as string, score: Number(flat[i + 1]) })
  return found
}
