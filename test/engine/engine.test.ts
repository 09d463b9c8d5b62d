import { afterEach, describe, expect, test } from '@jest/globals'
import type { Call } from '../../src/core/adapter.ts'
import { BusinessError, NothingSent, RetrofitError } from '../../src/core/errors.ts'
import { crossCommit } from '../../src/core/run.ts'
import { createCatalog, type FedCatalog } from '../../src/engine/catalog.ts'
import { until } from '../setup/until.ts'
import { caller, type Opened, type OpenOptions, openEngine, payBot } from './open-engine.ts'

let opened: Opened | undefined
afterEach(async () => {
  await opened?.close()
  opened = undefined
})

async function open(options: OpenOptions): Promise<Opened> {
  opened = await openEngine(options)
  return opened
}

let count = 0
const reference = () => `ref-${++count}`
const pay = (input: Record<string, unknown> = { reference: reference() }, idempotencyKey?: string) => ({
  caller,
  action: 'pay_money',
  input,
  ...(idempotencyKey === undefined ? {} : { idempotencyKey })
})

describe('one key, one run', () => {
  test('fifty calls at once with one key run once', async () => {
    let effects = 0
    const { engine, ended } = await open({
      script: {
        run: async call => {
          await call.commit()
          effects++
          return { confirmation: call.run.reference }
        }
      }
    })
    const input = { reference: reference() }
    const all = await Promise.all(Array.from({ length: 50 }, () => engine.submit(pay(input, 'k-1'))))
    const runs = await Promise.all(all.map(({ run }) => ended(run)))
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1)
    expect(all.filter(({ outcome }) => outcome === 'created')).toHaveLength(1)
    expect(effects).toBe(1)
    expect(runs[0]).toMatchObject({ status: 'completed', effect: 'committed', attempt: 1 })
  })

  test('the key of the manifest guards whatever key the caller sends', async () => {
    let effects = 0
    const { engine, ended } = await open({
      script: {
        run: async call => {
          await call.commit()
          effects++
          return {}
        }
      }
    })
    const input = { reference: reference() }
    const first = await engine.submit(pay(input, 'fresh-1'))
    await ended(first.run)
    const second = await engine.submit(pay(input, 'fresh-2'))
    expect(second).toMatchObject({ outcome: 'replayed', run: { id: first.run.id } })
    expect(effects).toBe(1)
    await expect(engine.submit(pay({ reference: reference() }, 'fresh-2'))).rejects.toMatchObject({
      code: 'idempotency_key_reused',
      status: 422
    })
  })

  test('the same reference with another amount is refused', async () => {
    const { engine } = await open({ script: { run: async () => ({}) } })
    const own = reference()
    await engine.submit(pay({ reference: own, amount: 1 }))
    await expect(engine.submit(pay({ reference: own, amount: 2 }))).rejects.toMatchObject({ code: 'idempotency_key_reused' })
  })

  test('an action with an effect and no key at all is refused', async () => {
    const { engine } = await open({ script: { run: async () => ({}) }, bot: payBot({ idempotency: { ttlMs: 1_000 } }) })
    await expect(engine.submit(pay())).rejects.toMatchObject({ code: 'idempotency_key_required', status: 400 })
  })
})

describe('before the commit point', () => {
  test('a technical failure is tried again, and the last one tells', async () => {
    let attempts = 0
    const { engine, ended } = await open({ script: { run: async () => Promise.reject(new Error(`broken ${++attempts}`)) } })
    const { run } = await engine.submit(pay())
    expect(await ended(run)).toMatchObject({
      status: 'failed',
      effect: 'none',
      attempt: 3,
      error: { code: 'target_failed', retryable: true, detail: 'broken 3' }
    })
    expect(attempts).toBe(3)
  })

  test('a failure that says so is not tried again', async () => {
    const { engine, ended } = await open({
      script: { run: async () => Promise.reject(new RetrofitError('target_failed', { detail: 'no', retryable: false })) }
    })
    expect(await ended((await engine.submit(pay())).run)).toMatchObject({ status: 'failed', attempt: 1 })
  })

  test('a declared error is the answer', async () => {
    const { engine, ended } = await open({ script: { run: async () => Promise.reject(new BusinessError('refused', 'Not today')) } })
    expect(await ended((await engine.submit(pay())).run)).toMatchObject({
      status: 'failed',
      effect: 'none',
      attempt: 1,
      error: { code: 'refused', status: 409, detail: 'Not today', retryable: false }
    })
  })

  test.each([
    ['is told, its marked parts as dots', { left: 3, owner: 'Ada' }, { left: 3, owner: '•••' }],
    ['that does not fit is not told', { left: 'three' }, undefined]
  ])('data of a declared error %s', async (_, data, told) => {
    const { engine, ended } = await open({ script: { run: async () => Promise.reject(new BusinessError('refused', 'Not today', data)) } })
    const { error } = await ended((await engine.submit(pay())).run)
    expect([error?.code, error?.data]).toEqual(['refused', told])
  })

  test('the time limit ends an attempt that hangs', async () => {
    const { engine, ended } = await open({
      script: { run: call => new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason))) }
    })
    const { run } = await engine.submit({ ...pay(), timeoutMs: 300 })
    expect(await ended(run)).toMatchObject({ status: 'failed', effect: 'none', error: { code: 'deadline_exceeded', status: 504 } })
  })

  test('an attempt that takes too long is made again while the run has time', async () => {
    let attempts = 0
    const { engine, ended } = await open({
      bot: payBot({ timeouts: { queueMs: 20_000, runMs: 200 } }),
      script: {
        run: call =>
          ++attempts > 1
            ? Promise.resolve({ attempts })
            : new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason)))
      }
    })
    expect(await ended((await engine.submit(pay())).run)).toMatchObject({
      status: 'completed',
      effect: 'none',
      attempt: 2,
      output: { attempts: 2 }
    })
  })

  test('evidence that nothing was sent clears the effect, and it is tried again', async () => {
    let attempts = 0
    const { engine, ended } = await open({
      script: {
        run: async call => {
          await call.commit()
          if (++attempts === 1) throw new NothingSent('connection refused', { retryable: true })
          return { attempts }
        }
      }
    })
    expect(await ended((await engine.submit(pay())).run)).toMatchObject({
      status: 'completed',
      effect: 'committed',
      attempt: 2,
      output: { attempts: 2 }
    })
  })
})

describe('after the commit point', () => {
  const failing = async (call: { commit(): Promise<void> }) => {
    await call.commit()
    throw new Error('connection reset')
  }

  test('the probe finds the effect', async () => {
    const { engine, ended } = await open({
      script: { run: failing, probe: async call => ({ found: true, output: { seen: call.run.reference } }) }
    })
    const { run } = await engine.submit(pay())
    const done = await ended(run)
    expect(done).toMatchObject({ status: 'completed', effect: 'committed', attempt: 1, output: { seen: run.reference } })
  })

  test('absent means outcome_unknown, never a second run', async () => {
    let runs = 0
    const { engine, ended } = await open({
      script: {
        run: async call => {
          runs++
          return failing(call)
        },
        probe: async () => ({ found: false })
      }
    })
    const { run } = await engine.submit(pay())
    expect(await ended(run)).toMatchObject({
      status: 'outcome_unknown',
      effect: 'unknown',
      error: { code: 'outcome_unknown', retryable: false }
    })
    expect(runs).toBe(1)
  })

  test('what an adapter left behind when its run ended can neither go on nor commit', async () => {
    const late: string[] = []
    const over = Promise.withResolvers<void>()
    let begun = 0
    const { engine, ended } = await open({
      script: {
        run: async call => {
          const leftBehind = async () => {
            await over.promise
            await call.step('late', async () => void begun++).catch((error: Error) => late.push(error.message))
            await call.commit().catch((error: Error) => late.push(error.message))
          }
          void leftBehind()
          throw new BusinessError('refused', 'No funds')
        }
      }
    })
    const { run } = await engine.submit(pay())
    await ended(run)
    over.resolve()
    await until('both come late', async () => late.length === 2)
    expect(late).toEqual([expect.stringMatching(/over before the step "late"/), expect.stringMatching(/no longer this worker's/)])
    expect(begun).toBe(0)
    expect(await engine.find(caller, run.id)).toMatchObject({ status: 'failed', effect: 'none', error: { code: 'refused' }, steps: [] })
  })

  test('a late effect is found by a later probe', async () => {
    let looks = 0
    const { engine, ended, parts } = await open({
      script: { run: failing, probe: async () => (++looks === 1 ? { found: false } : { found: true, output: { late: true } }) }
    })
    const { run } = await engine.submit(pay())
    const parked = await ended(run)
    expect(parked.status).toBe('outcome_unknown')
    await until('it completes', async () => (await parts.store.getRun(run.id))?.status === 'completed')
    expect(await engine.find(caller, run.id)).toMatchObject({ status: 'completed', effect: 'committed', output: { late: true } })
  })

  test('a weak probe is not trusted', async () => {
    const { engine, ended } = await open({
      bot: payBot({ probe: { weak: true } }),
      script: { run: failing, probe: async () => ({ found: true, output: {} }) }
    })
    expect(await ended((await engine.submit(pay())).run)).toMatchObject({ status: 'outcome_unknown', effect: 'unknown' })
  })

  test('without a probe it is outcome_unknown at once', async () => {
    const { probe: _, ...action } = payBot().actions[0] as NonNullable<ReturnType<typeof payBot>['actions'][0]>
    const { engine, ended } = await open({ bot: { ...payBot(), actions: [action] }, script: { run: failing } })
    expect(await ended((await engine.submit(pay())).run)).toMatchObject({ status: 'outcome_unknown', effect: 'unknown' })
  })

  test('a declared error that says "not applied" clears the effect', async () => {
    const { engine, ended } = await open({
      script: {
        run: async call => {
          await call.commit()
          throw new BusinessError('refused', 'Insufficient funds')
        }
      }
    })
    expect(await ended((await engine.submit(pay())).run)).toMatchObject({ status: 'failed', effect: 'none', error: { code: 'refused' } })
  })

  test('an output that does not fit is not called a success', async () => {
    const { engine, ended } = await open({
      script: {
        run: async call => {
          await call.commit()
          return 'text'
        },
        probe: async () => ({ found: true, output: { from: 'probe' } })
      }
    })
    const error = { code: 'invalid_output', retryable: false }
    expect(await ended((await engine.submit(pay())).run)).toMatchObject({ status: 'failed', effect: 'committed', error })
  })
})

describe('decisions', () => {
  test('cancel before it starts, while it works, and not after the commit point', async () => {
    let go: () => void = () => undefined
    const { engine, ended, startWorker } = await open({
      worker: false,
      script: {
        run: async call => {
          if ((call.input as { amount?: number }).amount === 1) await call.commit()
          await new Promise<void>((resolve, reject) => {
            go = resolve
            call.signal.addEventListener('abort', () => reject(call.signal.reason))
          })
          return {}
        }
      }
    })
    const queued = await engine.submit(pay())
    expect(await engine.cancel(caller, queued.run.id)).toMatchObject({ status: 'cancelled', effect: 'none' })
    expect(await engine.cancel(caller, queued.run.id)).toMatchObject({ status: 'cancelled' })
    await startWorker()
    const working = await engine.submit(pay())
    await until('it works', async () => (await engine.find(caller, working.run.id)).status === 'working')
    expect(await engine.cancel(caller, working.run.id)).toMatchObject({ status: 'cancelled', effect: 'none' })
    const committed = await engine.submit(pay({ reference: reference(), amount: 1 }))
    await until('it is past the commit point', async () => (await engine.find(caller, committed.run.id)).effect === 'unknown')
    await expect(engine.cancel(caller, committed.run.id)).rejects.toMatchObject({ code: 'not_cancellable', effect: 'unknown' })
    go()
    expect(await ended(committed.run)).toMatchObject({ status: 'completed' })
  })

  test('resolve an unknown outcome, then retry what was not done', async () => {
    let broken = true
    const { engine, ended } = await open({
      script: {
        run: async call => {
          await call.commit()
          if (broken) throw new Error('reset')
          return { ok: true }
        },
        probe: async () => ({ found: false })
      }
    })
    const request = pay()
    const { run } = await engine.submit(request)
    expect((await ended(run)).status).toBe('outcome_unknown')
    await expect(engine.retry(caller, run.id)).rejects.toMatchObject({ code: 'not_retryable', effect: 'unknown' })
    expect(await engine.resolve(caller, run.id, { outcome: 'not_done' })).toMatchObject({
      status: 'failed',
      effect: 'none',
      resolvedBy: 'tester'
    })
    await expect(engine.resolve(caller, run.id, { outcome: 'not_done' })).rejects.toMatchObject({ code: 'not_resolvable' })
    broken = false
    const again = await engine.retry(caller, run.id)
    expect(again).toMatchObject({ retryOf: run.id })
    expect((await engine.retry(caller, run.id)).id).toBe(again.id)
    expect(await ended(again)).toMatchObject({ status: 'completed', output: { ok: true } })
    expect(await engine.submit(request)).toMatchObject({ outcome: 'replayed', run: { id: again.id } })
  })

  test('nobody says not_done while a worker that fell silent after the commit point could still send; completed may be said', async () => {
    const { engine, parts, ended } = await open({
      script: { run: async () => ({}), probe: async () => ({ found: false }) },
      bot: payBot({ timeouts: { queueMs: 20_000, runMs: 1_500 } })
    })
    const { store } = parts
    const silent = async () => {
      const { run } = await engine.submit(pay())
      // Taken by a worker that is paused right after its marker.
      const { endedAt: _, output: __, ...row } = await ended(run)
      const base = { ...row, status: 'working', effect: 'none' } as const
      const lease = { worker: 'paused', now: store.now(), leaseMs: 1 }
      expect(await store.updateRun(crossCommit(base, { ...lease, again: false }))).toBe(true)
      await until('it is parked', async () => (await engine.find(caller, run.id)).status === 'outcome_unknown')
      return run
    }
    const first = await silent()
    await expect(engine.resolve(caller, first.id, { outcome: 'not_done' })).rejects.toMatchObject({
      code: 'not_resolvable_yet',
      effect: 'unknown',
      retryable: true
    })
    expect(await engine.resolve(caller, first.id, { outcome: 'completed', output: {} })).toMatchObject({ status: 'completed' })
    const second = await silent()
    await until('it happens', async () => {
      const outcome = await engine.resolve(caller, second.id, { outcome: 'not_done' }).catch((error: RetrofitError) => error.code)
      return outcome !== 'not_resolvable_yet'
    })
    expect(await engine.find(caller, second.id)).toMatchObject({ status: 'failed', effect: 'none', resolvedBy: 'tester' })
    expect((await store.getRun(second.id))?.maySendUntil).toBeLessThanOrEqual(store.now())
  })

  test('what was sent is kept with the marker: it is there also when the worker tells no more', async () => {
    const { engine, ended } = await open({
      script: {
        run: async call => {
          await call.commit(`POST /pay ${call.run.reference}`)
          throw new Error('reset')
        },
        probe: async () => ({ found: false })
      }
    })
    const { run } = await engine.submit(pay())
    const lost = await ended(run)
    expect(lost).toMatchObject({
      status: 'outcome_unknown',
      artifacts: [{ name: 'request-1.txt', mediaType: 'text/plain; charset=utf-8' }]
    })
    expect(lost.error?.detail).toMatch(/After the commit point: reset; the probe did not find the effect/)
    expect(lost.error?.hint).toMatch(/Do NOT repeat it.*Ask a person/)
    const file = await engine.artifact(caller, run.id, 'request-1.txt')
    expect(Buffer.from(file.content).toString()).toBe(`POST /pay ${lost.reference}`)
    const marker = lost.history.find(({ note }) => note === 'commit point')
    expect(marker?.at).toBeGreaterThanOrEqual(lost.createdAt)
  })

  test('an action with evidence: none keeps nothing of what was sent', async () => {
    const bot = payBot()
    const { engine, ended } = await open({
      bot: { ...bot, actions: bot.actions.map(action => ({ ...action, evidence: 'none' as const })) },
      script: {
        run: async call => {
          await call.commit(`POST /pay ${call.run.reference}`)
          return { confirmation: call.run.reference }
        }
      }
    })
    const { run } = await engine.submit(pay())
    const done = await ended(run)
    expect(done.status).toBe('completed')
    expect(done.artifacts ?? []).toEqual([])
  })

  test('another tenant sees nothing, a key without the scope neither', async () => {
    const { engine } = await open({ script: { run: async () => ({}) } })
    const { run } = await engine.submit(pay())
    for (const other of [
      { ...caller, tenant: 'other' },
      { ...caller, scopes: ['accounts:read'] }
    ]) {
      await expect(engine.find(other, run.id)).rejects.toMatchObject({ code: 'run_not_found' })
      expect((await engine.list(other, { limit: 10 })).runs).toEqual([])
    }
  })
})

describe('lists', () => {
  test('a page is short only when it is the last, also when most runs are not visible', async () => {
    const bot = payBot()
    const [action] = bot.actions as [(typeof bot.actions)[0]]
    const other = { ...action, name: 'pay_check', scopes: ['checks:read'], effect: 'read' as const, idempotency: { ttlMs: 60_000 } }
    const { engine } = await open({ worker: false, bot: { ...bot, actions: [action, other] }, script: { run: async () => ({}) } })
    const wanted: string[] = []
    for (let i = 0; i < 12; i++) {
      const { run } = await engine.submit(i % 4 === 0 ? pay() : { ...pay(), action: 'pay_check' })
      if (i % 4 === 0) wanted.unshift(run.id)
    }
    const payer = { ...caller, scopes: ['payments:write'] }
    const first = await engine.list(payer, { limit: 2 })
    expect(first.runs.map(({ id }) => id)).toEqual(wanted.slice(0, 2))
    expect((await engine.list(payer, { limit: 2, before: first.next })).runs.map(({ id }) => id)).toEqual(wanted.slice(2))
  })

  test('a key that may see few of many runs is shown where to go on, and no request looks at more than it may', async () => {
    const bot = payBot()
    const [action] = bot.actions as [(typeof bot.actions)[0]]
    const other = { ...action, name: 'pay_check', scopes: ['checks:read'], effect: 'read' as const, idempotency: { ttlMs: 60_000 } }
    const { engine } = await open({ worker: false, bot: { ...bot, actions: [action, other] }, script: { run: async () => ({}) } })
    const { run } = await engine.submit(pay())
    for (let i = 0; i < 24; i++) await engine.submit({ ...pay(), action: 'pay_check' })
    const payer = { ...caller, scopes: ['payments:write'] }
    const pages = [await engine.list(payer, { limit: 3, most: 10 })]
    for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next)
      pages.push(await engine.list(payer, { limit: 3, most: 10, before: next }))
    expect(pages.map(({ looked }) => looked)).toEqual([10, 10, 5])
    expect(pages.map(({ runs }) => runs.map(({ id }) => id))).toEqual([[], [], [run.id]])
  })
})

describe('what is kept', () => {
  test('sensitive values are sealed in the ledger, masked for readers, open for the adapter', async () => {
    let seen: unknown
    const { engine, ended, parts } = await open({
      script: {
        run: async call => {
          seen = (call.input as { pin: string }).pin
          throw new RetrofitError('target_failed', { detail: `the page says ${(call.input as { pin: string }).pin}`, retryable: false })
        }
      }
    })
    const { run } = await engine.submit(pay({ reference: reference(), pin: 'SECRET-4711' }))
    const done = await ended(run)
    expect(seen).toBe('SECRET-4711')
    expect(done.input).toMatchObject({ pin: '•••' })
    expect(done.error?.detail).toBe('the page says •••')
    expect(JSON.stringify(await parts.store.getRun(run.id))).not.toContain('SECRET-4711')
  })

  test('a finished run leaves a tombstone, and a late retry gets the old outcome', async () => {
    const { engine, ended, parts } = await open({
      script: { run: async () => ({}) },
      bot: payBot({ idempotency: { key: ['reference'], ttlMs: 200 } })
    })
    const request = pay()
    const { run } = await engine.submit(request)
    await ended(run)
    await until('it expires', async () => (await parts.store.getRun(run.id))?.expired === true)
    await expect(engine.submit(request)).rejects.toMatchObject({ code: 'key_expired', runId: run.id })
  })
})

describe('limits', () => {
  test('a target that fails again and again gets a rest', async () => {
    const { engine, ended } = await open({
      script: {
        run: async () => Promise.reject(new RetrofitError('target_failed', { detail: 'down', retryable: false, targetDown: true }))
      }
    })
    for (let i = 0; i < 5; i++) await ended((await engine.submit(pay())).run)
    await expect(engine.submit(pay())).rejects.toMatchObject({ code: 'circuit_open', status: 503 })
    await new Promise(resolve => setTimeout(resolve, 500))
    expect((await engine.submit(pay())).outcome).toBe('created')
  })

  test('too many that wait are refused before anything is accepted', async () => {
    const bot = payBot()
    const { engine } = await open({
      worker: false,
      bot: { ...bot, target: { ...bot.target, waiting: 3 } },
      script: { run: async () => ({}) }
    })
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => engine.submit(pay())))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(results.flatMap(result => (result.status === 'rejected' ? [result.reason.code] : []))).toEqual(['queue_full', 'queue_full'])
  })

  test('never more at once on a target than it allows', async () => {
    let now = 0
    let most = 0
    const bot = payBot()
    const { engine, ended } = await open({
      bot: { ...bot, target: { ...bot.target, concurrency: 2 } },
      script: {
        run: async () => {
          most = Math.max(most, ++now)
          await new Promise(resolve => setTimeout(resolve, 30))
          now--
          return {}
        }
      }
    })
    const all = await Promise.all(Array.from({ length: 10 }, () => engine.submit(pay())))
    const runs = await Promise.all(all.map(({ run }) => ended(run)))
    expect(runs.every(({ status }) => status === 'completed')).toBe(true)
    expect(most).toBe(2)
  })

  test('what waits too long fails without an effect', async () => {
    const { engine, ended } = await open({
      worker: false,
      bot: payBot({ timeouts: { queueMs: 200, runMs: 1_000 } }),
      script: { run: async () => ({}) }
    })
    expect(await ended((await engine.submit(pay())).run)).toMatchObject({
      status: 'failed',
      effect: 'none',
      error: { code: 'deadline_exceeded' }
    })
  })
})

describe('a worker that stops', () => {
  test('hands back what has not crossed its commit point, and another finishes it', async () => {
    let attempts = 0
    const { engine, ended, startWorker } = await open({
      worker: false,
      script: {
        run: call =>
          ++attempts > 1
            ? Promise.resolve({ attempts })
            : new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason)))
      }
    })
    const first = await startWorker()
    const { run } = await engine.submit(pay())
    await until('the first attempt', async () => attempts === 1)
    await first.stop()
    expect(await engine.find(caller, run.id)).toMatchObject({ status: 'queued', effect: 'none' })
    await startWorker()
    expect(await ended(run)).toMatchObject({ status: 'completed', output: { attempts: 2 } })
  })

  test('a run whose publishing was lost is found by the sweep', async () => {
    const { engine, parts, ended } = await open({ script: { run: async () => ({ ok: true }) }, worker: false })
    const { run } = await engine.submit(pay())
    // As if the process had died between the ledger and the queue: nothing consumes the first message.
    const drain = await parts.queue.consume(async delivery => delivery.ack(), { concurrency: () => 10 })
    await drain.serve(['pay'])
    await new Promise(resolve => setTimeout(resolve, 200))
    await drain.close()
    await opened?.startWorker()
    expect(await ended(run, 9_000)).toMatchObject({ status: 'completed' })
  })

  test('a run that waits when its bot is removed is done all the same, also by a worker that starts later', async () => {
    const { engine, parts, ended, startWorker } = await open({ script: { run: async () => ({ ok: true }) }, worker: false })
    const { run } = await engine.submit(pay())
    const catalog = parts.catalog as FedCatalog
    catalog.removeFile('pay')
    await expect(engine.submit(pay())).rejects.toMatchObject({ code: 'action_not_found' })
    const later = createCatalog({ records: parts.store.records, parse: () => ({ bot: payBot(), issues: [] }) })
    await later.refresh()
    expect(later.entries()).toEqual([])
    expect(later.known()).toEqual([{ key: 'pay', name: 'pay', adapter: 'scripted' }])
    await startWorker()
    expect(await ended(run)).toMatchObject({ status: 'completed' })
  })
})

describe('files of a run', () => {
  const mib = 1024 * 1024
  test('are kept whole', async () => {
    const content = Buffer.alloc(20 * mib, 'x')
    const { engine, ended, parts } = await open({
      script: {
        run: async call => {
          await call.attach('statement.pdf', content, 'application/pdf')
          await call.commit()
          return {}
        }
      }
    })
    const run = await ended((await engine.submit(pay())).run)
    expect(run.artifacts).toEqual([expect.objectContaining({ name: 'statement.pdf', bytes: content.length })])
    const kept = await parts.store.artifacts.get(run.id, 'statement.pdf')
    expect(content.equals(kept?.content ?? Buffer.alloc(0))).toBe(true)
  })

  test('are refused before the commit point where the tenant has no room, and kept after it', async () => {
    const content = Buffer.alloc(100_000, 'x')
    const attached = (commits: boolean) => async (call: Call) => {
      if (commits) await call.commit()
      await call.attach('statement.pdf', content, 'application/pdf')
      return {}
    }
    let run = attached(false)
    const { engine, ended } = await open({ quotas: { storedBytes: 60_000 }, script: { run: call => run(call) } })
    const refused = await ended((await engine.submit(pay())).run)
    const error = { code: 'quota_exceeded', quota: { name: 'stored_bytes', allowed: 60_000 } }
    expect(refused).toMatchObject({ status: 'failed', effect: 'none', artifacts: [], error })
    run = attached(true)
    expect(await ended((await engine.submit(pay())).run)).toMatchObject({ status: 'completed', artifacts: [{ bytes: content.length }] })
    await expect(engine.submit(pay())).rejects.toMatchObject({ code: 'quota_exceeded', quota: { name: 'stored_bytes' } })
  })

  test('a larger one is refused, never cut', async () => {
    const { engine, ended } = await open({
      script: {
        run: async call => {
          await call.attach('statement.pdf', Buffer.alloc(20 * mib + 1), 'application/pdf')
          return {}
        }
      }
    })
    const run = await ended((await engine.submit(pay())).run)
    expect(run).toMatchObject({ status: 'failed', effect: 'none', artifacts: [], error: { code: 'target_failed' } })
    expect(run.error?.detail).toContain('the file statement.pdf has more than 20 MiB')
  })
})
