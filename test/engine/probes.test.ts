/** A probe is tried before it is needed, and what is parked can be looked at again with the manifest of today. */
import { afterEach, describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import type { Call, ProbeResult } from '../../src/core/adapter.ts'
import { compileSchema } from '../../src/core/schema.ts'
import type { Bot, Json, JsonSchema, Run } from '../../src/core/types.ts'
import type { FedCatalog } from '../../src/engine/catalog.ts'
import { until } from '../setup/until.ts'
import { caller, type Opened, type OpenOptions, openEngine, payBot, silentTelemetry } from './open-engine.ts'

let opened: Opened | undefined
let lines: { readonly level: number; readonly msg: string; readonly runId?: string }[] = []
afterEach(async () => {
  await opened?.close()
  opened = undefined
})

async function open(options: Omit<OpenOptions, 'telemetry'>): Promise<Opened & { readonly opened: Opened }> {
  lines = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const telemetry = { ...silentTelemetry, log }
  opened = await openEngine({ ...options, telemetry })
  return { ...opened, opened }
}

const serve = ({ parts }: Opened, bot: Bot): Promise<unknown> => (parts.catalog as FedCatalog).setFile(bot)

let count = 0
const pay = (input: Record<string, Json> = {}) => ({
  caller,
  action: 'pay_money',
  input: { reference: `probed-${++count}`, ...input }
})
const outputSchema: JsonSchema = { type: 'object', required: ['confirmation'], properties: { confirmation: { type: 'string' } } }
const withOutput = { output: outputSchema, checkOutput: compileSchema(outputSchema), settleMs: 0 }

const committing = async (call: Call): Promise<Json> => {
  await call.commit()
  return { confirmation: call.run.reference }
}
const losing = async (call: Call): Promise<Json> => {
  await call.commit()
  throw new Error('reset')
}
const finds = async (call: Call): Promise<ProbeResult> => ({ found: true, output: { confirmation: call.run.reference } })
const findsNothing = async (): Promise<ProbeResult> => ({ found: false, extracted: { row: { memo: 'somebody else' } } })

describe('a list that is not whole', () => {
  test('is said of the output that a probe found, as of that of a commit', async () => {
    const probe = async (call: Call) => {
      call.partial('rows', 'it has more than 10 rows')
      return finds(call)
    }
    const { engine, ended } = await open({ bot: payBot(withOutput), script: { run: losing, probe } })
    const run = await ended((await engine.submit(pay())).run)
    await until('the probe has looked', async () => (await engine.find(caller, run.id)).status === 'completed')
    expect(await engine.find(caller, run.id)).toMatchObject({
      output: { confirmation: run.reference },
      partial: [{ name: 'rows', reason: 'it has more than 10 rows' }]
    })
  })

  test('proves no absence: what may be run again is not', async () => {
    let runs = 0
    const { engine, ended } = await open({
      bot: payBot({ ...withOutput, rerun: { safe: 'target_rejects_duplicates' } }),
      script: {
        run: call => {
          runs++
          return losing(call)
        },
        probe: async call => {
          call.partial('rows', 'page 1 of 9')
          return { found: false }
        }
      }
    })
    const run = await ended((await engine.submit(pay())).run)
    expect(run).toMatchObject({ status: 'outcome_unknown', probed: { seen: 'unclear' } })
    expect(run.error?.detail).toContain('rows is not whole: page 1 of 9')
    expect(runs).toBe(1)
  })
})

describe('a probe before the accident', () => {
  test('looks at the first commit of a version and no other, and nobody waits for it', async () => {
    let looks = 0
    let letGo = () => {}
    const gate = new Promise<void>(resolve => {
      letGo = resolve
    })
    const { engine, ended } = await open({
      bot: payBot(withOutput),
      script: {
        run: committing,
        probe: async call => {
          looks++
          await gate
          return finds(call)
        }
      }
    })
    const first = await ended((await engine.submit(pay())).run)
    expect(first).toMatchObject({ status: 'completed', effect: 'committed' })
    await until('the probe looks', () => looks === 1)
    expect(await ended((await engine.submit(pay())).run)).toMatchObject({ status: 'completed' })
    expect(await engine.probes()).toEqual(new Map())
    letGo()
    await until('it is written', async () => (await engine.probes()).size === 1)
    expect([...(await engine.probes()).values()]).toMatchObject([{ agrees: true, seen: 'found', runId: first.id, action: 'pay_money' }])
    await ended((await engine.submit(pay())).run)
    expect(looks).toBe(1)
    expect(lines).toEqual([])
    expect((await engine.find(caller, first.id)).revision).toBe(first.revision)
  })

  test.each<[string, (call: Call) => Promise<ProbeResult>, RegExp]>([
    ['that finds nothing', findsNothing, /did not find the effect, although the run is committed/],
    ['that finds something else', async () => ({ found: true, output: { confirmation: 'other' } }), /differs at \/confirmation/],
    ['whose output does not fit', async () => ({ found: true, output: {} }), /does not fit the output schema/],
    [
      'that breaks',
      async () => {
        throw new Error('no such link')
      },
      /could not look: no such link/
    ]
  ])('says loudly when it is one %s', async (_, probe, detail) => {
    const { engine, ended } = await open({ bot: payBot(withOutput), script: { run: committing, probe } })
    const { id } = await ended((await engine.submit(pay())).run)
    await until('it is noted', async () => (await engine.find(caller, id)).probed !== undefined)
    const run = await engine.find(caller, id)
    expect(run).toMatchObject({
      status: 'completed',
      effect: 'committed',
      probed: { agrees: false, detail: expect.stringMatching(detail) }
    })
    expect(run.history.at(-1)).toMatchObject({ status: 'completed', note: 'the probe disagrees' })
    expect(lines).toMatchObject([{ runId: id, msg: expect.stringMatching(detail) }])
    expect([...(await engine.probes()).values()]).toMatchObject([{ agrees: false, detail: expect.stringMatching(detail) }])
  })

  test('asked for on a committed run says what it read, and changes nothing else', async () => {
    const { engine, ended } = await open({ bot: payBot(withOutput), script: { run: committing, probe: findsNothing } })
    const before = await ended((await engine.submit(pay())).run)
    const after = await engine.probe(caller, before.id, { waitMs: 10_000 })
    expect(after).toMatchObject({
      status: 'completed',
      effect: 'committed',
      output: before.output,
      dueAt: before.dueAt,
      probed: { seen: 'absent', agrees: false, extracted: { row: { memo: 'somebody else' } } }
    })
    expect(after.lookFor).toBeUndefined()
  })

  test('is not asked about a run without an effect', async () => {
    const { engine, ended } = await open({
      script: {
        run: async () => {
          throw new Error('no')
        },
        probe: finds
      }
    })
    const { id } = await ended((await engine.submit(pay())).run)
    await expect(engine.probe(caller, id, { waitMs: 0 })).rejects.toMatchObject({ code: 'not_probeable' })
    const other = { ...caller, tenant: 'other' }
    await expect(engine.probe(other, id, { waitMs: 0 })).rejects.toMatchObject({ code: 'run_not_found' })
  })
})

describe('a parked run', () => {
  const parked = async ({ engine, ended }: Opened, input: Record<string, Json> = {}): Promise<Run> => {
    const run = await ended((await engine.submit(pay(input))).run)
    expect(run.status).toBe('outcome_unknown')
    return run
  }
  const onlyNew = (call: Call) => (call.bot.digest === 'd2' ? finds(call) : findsNothing())

  test('shows what the probe extracted', async () => {
    const all = await open({ bot: payBot(withOutput), script: { run: losing, probe: findsNothing } })
    const run = await parked(all.opened)
    expect(run.error?.detail).toBe(
      'After the commit point: reset; the probe did not find the effect; it extracted {"row":{"memo":"somebody else"}}'
    )
    expect(run.probed).toMatchObject({ seen: 'absent', extracted: { row: { memo: 'somebody else' } }, botDigest: 'd1' })
  })

  test('shows nothing of marked inputs, and where outputs are marked, nothing that is not known', async () => {
    const output: JsonSchema = { type: 'object', properties: { name: { type: 'string', 'x-sensitive': 'pii' } } }
    const all = await open({
      bot: payBot({ ...withOutput, output, checkOutput: compileSchema(output) }),
      script: {
        run: losing,
        probe: async call => ({
          found: false,
          extracted: { memo: call.run.reference, pin: '5', note: 'it is 77-secret', who: 'Ada', sum: 5, seen: true }
        })
      }
    })
    const run = await parked(all.opened, { pin: '77-secret', amount: 5 })
    expect(run.probed?.extracted).toEqual({ memo: run.reference, pin: '•••', note: '•••', who: '•••', sum: 5, seen: true })
    expect(JSON.stringify(run)).not.toMatch(/77-secret|Ada/)
  })

  test('is looked at again when a new version of its bot comes, and is settled by what that finds', async () => {
    const all = await open({ bot: payBot(withOutput), script: { run: losing, probe: onlyNew } })
    const run = await parked(all.opened)
    await serve(all, payBot(withOutput, 'd2'))
    await until('it is settled', async () => (await all.engine.find(caller, run.id)).status === 'completed')
    expect(await all.engine.find(caller, run.id)).toMatchObject({
      effect: 'committed',
      output: { confirmation: run.reference },
      botDigest: 'd1',
      probed: { seen: 'found', botDigest: 'd2' }
    })
  })

  test('is looked at with the manifest of today when somebody asks', async () => {
    const all = await open({ bot: payBot(withOutput), script: { run: losing, probe: onlyNew } })
    const run = await parked(all.opened)
    const same = await all.engine.probe(caller, run.id, { waitMs: 10_000 })
    expect(same).toMatchObject({ status: 'outcome_unknown', probed: { seen: 'absent', botDigest: 'd1' } })
    expect(same.error?.detail).toBe(run.error?.detail)
    await serve(all, payBot(withOutput, 'd2'))
    expect(await all.engine.probe(caller, run.id, { waitMs: 10_000 })).toMatchObject({ status: 'completed', effect: 'committed' })
  })

  test('says so when its input does not fit the manifest of today', async () => {
    const all = await open({ bot: payBot(withOutput), script: { run: losing, probe: onlyNew } })
    const run = await parked(all.opened)
    const input: JsonSchema = { type: 'object', required: ['iban'], properties: { iban: { type: 'string' } } }
    await serve(all, payBot({ ...withOutput, input, checkInput: compileSchema(input) }, 'd2'))
    await expect(all.engine.probe(caller, run.id, { waitMs: 0 })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('does not fit pay_money of version 1.0.0 any more'),
      effect: 'unknown',
      errors: [{ pointer: '/iban', message: expect.any(String) }]
    })
    await until('it is told', () => lines.some(({ msg }) => msg.includes('does not fit pay_money')))
    expect((await all.engine.find(caller, run.id)).status).toBe('outcome_unknown')
  })
})
