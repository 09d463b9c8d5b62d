import { callbackDueAt, hasCalledBack } from '../../core/callback.ts'
import { allPartitions, partitionOfRun } from '../../core/ids.ts'
import { jsonOf } from '../../core/json-text.ts'
import { type Created, type LineQuery, mostLookedAt, type RunLedger, type RunPage, type RunQuery, type Store } from '../../core/ports.ts'
import type { Refusals } from '../../core/refusals.ts'
import { statusEvent } from '../../core/run.ts'
import { storedRun } from '../../core/stored-run.ts'
import type { Run } from '../../core/types.ts'
import { versionOf } from '../../core/version.ts'
import type { Connection } from './connection.ts'
import type { EventTexts } from './event-text.ts'
import type { RedisKeys } from './keys.ts'
import type { Memory } from './memory.ts'

type Answer = readonly ['created' | 'existing' | 'key_reused' | 'full' | 'waiting' | 'stored_bytes' | 'gone', string?, string?]
/** Its place among the rows that were asked for, from 0, and what stands there. */
type Fitting = readonly [index: string, json: string]

/** Ids read at once when a list is filtered. */
const filteredPageSize = 500

export interface RunParts {
  readonly memory: Memory
  readonly events: EventTexts
  readonly refuse: Refusals['refuse']
  /** Throws when no run may be accepted into this ledger. Asked each time that a run is about to be sent. */
  readonly admit: () => void
}

/** A connection that was lost meanwhile may lead to another ledger than the one that was there when the call came. */
const accepting =
  ({ send, direct }: Connection, admit: () => void): Connection['script'] =>
  (...create) =>
    send(async () => {
      admit()
      return direct(...create)
    })

export function redisRuns(connection: Connection, keys: RedisKeys, { memory, events, refuse, admit }: RunParts): RunLedger {
  const { send, script } = connection
  const read = (id: string, json: string | null): Run | undefined => {
    const run = json === null ? undefined : storedRun(json, id)
    if (json !== null && run === undefined) refuse('run', `what stands under ${keys.row(id)} is not the row of a run`)
    return run
  }
  const getRun = async (id: string): Promise<Run | undefined> => read(id, await send(redis => redis.hget(keys.row(id), 'json')))

  const accept = accepting(connection, admit)
  const createRun: Store['createRun'] = async (run, gate) => {
    const names = JSON.stringify(gate.keys.map(({ key }) => key))
    const claims = gate.keys.map(({ key }) => keys.idempotency(run.tenant, key))
    const fingerprints = gate.keys.map(({ fingerprint }) => fingerprint)
    const { id, revision, status, action, bot, tenant, dueAt, deadlineAt } = run
    const { waiting = '', storedBytes = '' } = gate.quotas ?? {}
    const { linked = [], past = [] } = gate.succeeds ?? {}
    const links = linked.flatMap(next => [next.id, next.revision, JSON.stringify(next)])
    const [outcome, detail, ahead] = (await accept(
      'createRun',
      [keys.row(id), ...keys.indexes(run), keys.told(tenant, bot), ...claims, ...linked.map(next => keys.row(next.id))],
      [
        ...[id, revision, JSON.stringify(run), status, action, bot, tenant, names, dueAt ?? '', deadlineAt],
        ...[gate.maxWaiting, waiting, storedBytes, versionOf(run) ?? '', gate.window ?? 0],
        ...[past.map(one => ` ${one} `).join(''), linked.length, ...fingerprints, ...links]
      ]
    )) as Answer
    if (outcome === 'created') for (const next of linked) memory.keep(next)
    if (outcome === 'created') memory.keep(run, gate.keys)
    if (outcome === 'created' && detail === '') return { outcome, run, ...(ahead !== '0' && { ahead: Number(ahead) }) }
    if (outcome === 'waiting' || outcome === 'stored_bytes') return { outcome: 'over_quota', quota: outcome, used: Number(detail) }
    if (outcome !== 'existing') return toCreated(outcome, detail === undefined ? undefined : read(id, detail))
    // The script could not touch the owner's row: its key was not known before.
    const owner = detail as string
    const [found, json] = (await script('claimKeys', [keys.row(owner), ...claims], [owner, names, ...fingerprints])) as Answer
    return found === 'gone' ? createRun(run, gate) : toCreated(found, json === undefined ? undefined : read(owner, json))
  }

  /** Takes an id without a run out of the index: else the sweep would find it for ever, and in the end nothing else. */
  const rowsOf = async (due: readonly Due[]): Promise<readonly Run[]> => {
    if (due.length === 0) return []
    const rows = await pipelined<string | null>(due.map(({ id }) => ['hget', keys.row(id), 'json']))
    const runs = due.map(({ id }, index) => read(id, rows[index] ?? null))
    await Promise.all(due.flatMap((entry, at) => (runs[at] === undefined ? [drop(entry, rows[at] ?? '')] : [])))
    return runs.filter(run => run !== undefined)
  }
  const drop = ({ id, partition, index }: Due, json: string): Promise<unknown> =>
    partitionOfRun(id) === partition ? script('dropDue', [keys.row(id), index], [id, json]) : send(redis => redis.zrem(index, id))
  /** The rows behind the first ids of an index that every partition has. */
  const firstDue = async (index: (partition: string) => string, now: number, limit: number): Promise<readonly Run[]> => {
    const commands = allPartitions.map(partition => ['zrange', index(partition), '-inf', now, 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES'])
    const found = await pipelined<string[]>(commands)
    const due = allPartitions.flatMap((partition, at) => dueIn(found[at] ?? [], { partition, index: index(partition) }))
    due.sort((a, b) => a.at - b.at)
    return rowsOf(due.slice(0, limit))
  }

  /** One write for all commands; each stands for itself. What somebody put in place of a hash or an index counts as nothing. */
  const pipelined = <T>(commands: readonly (readonly (string | number)[])[]): Promise<(T | undefined)[]> =>
    send(async redis => {
      const answers = (await redis.pipeline(commands as unknown[][]).exec()) ?? []
      return answers.map(([error, value], index) => {
        if (!error) return value as T
        if (!error.message.startsWith('WRONGTYPE')) throw error
        refuse('run', `${commands[index]?.[1]} is of another type than it was made with`)
        return undefined
      })
    })

  /** Without an index for each filter: those would have to be kept at every write, and nobody could build them under processes that do not. */
  const listRuns = async (query: RunQuery): Promise<RunPage> => {
    const { tenant, status = '', action = '', bot = '', limit, most = mostLookedAt } = query
    const list = query.calledBack ? keys.calledBack(tenant) : keys.list(tenant)
    const pageSize = status || action || bot ? filteredPageSize : limit
    const runs: Run[] = []
    let [looked, last] = [0, query.before]
    while (runs.length < limit && looked < most) {
      const upper = last === undefined ? '+' : `(${last}`
      const size = Math.min(pageSize, most - looked)
      const ids = await send(redis => redis.zrevrangebylex(list, upper, '-', 'LIMIT', 0, size))
      const wanted = limit - runs.length
      const rows = (ids.length === 0 ? [] : await script('filterRuns', ids.map(keys.row), [wanted, status, action, bot])) as Fitting[]
      runs.push(...rows.map(([index, json]) => read(ids[Number(index)] ?? '', json)).filter(run => run !== undefined))
      const isFull = rows.length >= wanted
      const until = isFull ? Number(rows.at(-1)?.[0]) + 1 : ids.length
      looked += until
      last = ids[until - 1] ?? last
      if (!isFull && ids.length < size) return { runs, looked }
    }
    return { runs, looked, next: last }
  }

  /** Rows that are written meanwhile may be missed. */
  const eachRow = async (tell: (ids: readonly string[]) => Promise<void>): Promise<void> => {
    for (let cursor = '0'; ; ) {
      const [next, names] = await send(redis => redis.scan(cursor, 'MATCH', keys.row('*').replace(/\{[^{}]*\}/, '{*}'), 'COUNT', 1_000))
      const ids = names.map(name => name.slice(name.lastIndexOf(':') + 1)).filter(id => names.includes(keys.row(id)))
      if (ids.length > 0) await tell(ids)
      if (next === '0') return
      cursor = next
    }
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
      const calledBack = [keys.callbacksDue(partitionOfRun(id)), keys.calledBack(next.tenant)]
      const { run: told, ...head } = statusEvent(next, json.length)
      const event = events.write(head, told === undefined ? undefined : json)
      const written = await script(
        'updateRun',
        [keys.row(id), due, ...counts, ...calledBack],
        [
          ...[id, revision, json, status, next.dueAt ?? '', keys.channel, event],
          ...[
            told === undefined ? 'head' : 'row',
            next.deadlineAt,
            versionOf(next) ?? '',
            hasCalledBack(next) ? (callbackDueAt(next) ?? '') : 'none'
          ]
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
    async unknownRuns() {
      const found = new Set<string>()
      await eachRow(async ids => {
        const statuses = await pipelined<string | null>(ids.map(id => ['hget', keys.row(id), 'status']))
        for (const [index, id] of ids.entries()) if (statuses[index] === 'outcome_unknown') found.add(id)
      })
      return [...found]
    },
    async neededVersions(ids) {
      if (ids.length === 0) return []
      const counts = await pipelined<(string | null)[]>(allPartitions.map(partition => ['hmget', keys.versions(partition), ...ids]))
      return ids.filter((_, i) => counts.some(count => Number(count?.[i] ?? 0) > 0))
    },
    async dueRuns(now, limit) {
      const rows = await firstDue(keys.due, now, limit)
      // The rows are read after the index: one that moved on in between is not due any more.
      return rows.filter(({ dueAt }) => dueAt !== null && dueAt <= now)
    },
    async dueCallbacks(now, limit) {
      const rows = await firstDue(keys.callbacksDue, now, limit)
      return rows.filter(run => (callbackDueAt(run) ?? Number.POSITIVE_INFINITY) <= now)
    },
    async deleteRun(id) {
      memory.forget(id)
      const [tenant, bot, idempotency] = await send(redis => redis.hmget(keys.row(id), 'tenant', 'bot', 'keys'))
      if (!tenant || !bot || !idempotency) return
      const names = jsonOf(idempotency)
      const claims = (Array.isArray(names) ? names : []).map(key => keys.idempotency(tenant, String(key)))
      await send(redis =>
        redis
          .pipeline()
          .zrem(keys.calledBack(tenant), id)
          .zrem(keys.callbacksDue(partitionOfRun(id)), id)
          .exec()
      )
      await script('deleteRun', [keys.row(id), ...keys.indexes({ id, tenant, bot }), keys.artifacts(id), ...claims], [id])
    }
  }
}

function toCreated(outcome: Answer[0], run: Run | undefined): Created {
  if (outcome === 'created' || outcome === 'existing') {
    // Not a new one: the effect of the run that the key belongs to may exist.
    if (run === undefined) throw new Error('The row of the run that the key belongs to can not be read: somebody else wrote to the ledger')
    return { outcome, run }
  }
  if (outcome === 'key_reused' || outcome === 'full') return { outcome }
  throw new Error(`The ledger answered ${outcome}`)
}

interface Due {
  readonly id: string
  readonly at: number
  readonly partition: string
  /** Where it was found. */
  readonly index: string
}

function dueIn(flat: readonly string[], { partition, index }: Pick<Due, 'partition' | 'index'>): readonly Due[] {
  const found: Due[] = []
  for (let i = 0; i < flat.length; i += 2) found.push({ id: flat[i] as string, at: Number(flat[i + 1]), partition, index })
  return found
}
