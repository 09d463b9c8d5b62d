/** Screens that sessions pin: one run at a time, in one worker, given back when nobody needs them. */
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Call } from '../../src/core/adapter.ts'
import { BusinessError } from '../../src/core/errors.ts'
import type { Bot, Run, ScreenUse } from '../../src/core/types.ts'
import type { Quotas } from '../../src/engine/quotas.ts'
import { until } from '../setup/until.ts'
import { caller, type Opened, openEngine, payBot } from './open-engine.ts'

const uses: Readonly<Record<string, ScreenUse>> = { begin: 'pinned', next: 'continue', end: 'finish' }

function wizardBot(screenIdleMs = 60_000): Bot {
  const bot = payBot({ effect: 'read', idempotency: { ttlMs: 60_000 }, retry: { attempts: 1, backoffMs: 1, maxBackoffMs: 1 } })
  const [action] = bot.actions
  if (action === undefined) throw new Error('no action')
  const session = { fills: [], remembers: [], reads: false }
  const actions = Object.entries(uses).map(([name, screen]) => ({ ...action, name: `pay_${name}`, session: { ...session, screen } }))
  return { ...bot, actions, target: { ...bot.target, screenIdleMs } }
}

interface Wizard {
  readonly opened: Opened
  readonly screens: string[]
  readonly closed: string[]
  session: string
  step(name: string, reference?: string): Promise<Run>
}

let opened: Opened | undefined
afterEach(async () => {
  await opened?.close()
  opened = undefined
})

async function openWizard(
  run: (call: Call) => Promise<void> = async () => undefined,
  options: { bot?: Bot; worker?: boolean; quotas?: Quotas } = {}
): Promise<Wizard> {
  const screens: string[] = []
  const closed: string[] = []
  const engineOpened = await openEngine({
    bot: wizardBot(),
    ...options,
    script: {
      run: async call => {
        screens.push(call.screen?.id ?? 'none')
        await run(call)
        return {}
      },
      closeScreen: async id => void closed.push(id)
    }
  })
  opened = engineOpened
  const { session } = await engineOpened.engine.sessions.create(caller, {})
  const wizard: Wizard = {
    opened: engineOpened,
    screens,
    closed,
    session: session.id,
    step: async (name, reference = 'R') => {
      const { run: submitted } = await engineOpened.engine.submit({
        caller,
        action: `pay_${name}`,
        input: { reference },
        session: wizard.session
      })
      return engineOpened.ended(submitted, 20_000)
    }
  }
  return wizard
}

const codeOf = ({ status, error }: Run) => [status, error?.code]

describe('the screen of a session', () => {
  test('goes from step to step, and is given back at the end', async () => {
    const wizard = await openWizard()
    for (const name of ['begin', 'next', 'next', 'begin', 'end']) expect(codeOf(await wizard.step(name))).toEqual(['completed', undefined])
    expect(new Set(wizard.screens)).toEqual(new Set([`${wizard.session}/pay`]))
    await until('it is given back', () => wizard.closed.length === 1)
    const late = await wizard.step('next')
    expect(codeOf(late)).toEqual(['failed', 'screen_gone'])
    expect(late.error?.hint).toContain('Begin again with pay_begin in the same session')
  })

  test('each session has its own', async () => {
    const wizard = await openWizard()
    await wizard.step('begin')
    const mine = wizard.session
    wizard.session = (await wizard.opened.engine.sessions.create(caller, {})).session.id
    expect(codeOf(await wizard.step('next'))).toEqual(['failed', 'screen_gone'])
    expect(codeOf(await wizard.step('begin'))).toEqual(['completed', undefined])
    wizard.session = mine
    expect(codeOf(await wizard.step('next'))).toEqual(['completed', undefined])
    expect(new Set(wizard.screens).size).toBe(2)
  })

  test('no tenant pins more than it may, on all bots together', async () => {
    const wizard = await openWizard(undefined, { quotas: { screens: 1 } })
    expect(codeOf(await wizard.step('begin'))).toEqual(['completed', undefined])
    const mine = wizard.session
    wizard.session = (await wizard.opened.engine.sessions.create(caller, {})).session.id
    const refused = await wizard.step('begin')
    expect(refused).toMatchObject({
      status: 'failed',
      effect: 'none',
      error: { code: 'quota_exceeded', quota: { name: 'screens', used: 1, allowed: 1 } }
    })
    wizard.session = mine
    expect(codeOf(await wizard.step('end', 'R2'))).toEqual(['completed', undefined])
    await until('it is given back', () => wizard.closed.length === 1)
    wizard.session = (await wizard.opened.engine.sessions.create(caller, {})).session.id
    expect(codeOf(await wizard.step('begin', 'R3'))).toEqual(['completed', undefined])
  })

  test('takes one run at a time; the same call again joins it', async () => {
    const gate = Promise.withResolvers<void>()
    const wizard = await openWizard(() => gate.promise)
    const { engine } = wizard.opened
    const call = { caller, action: 'pay_begin', input: { reference: 'R' }, session: wizard.session, idempotencyKey: 'k' }
    const first = await engine.submit(call)
    await expect(engine.submit({ ...call, idempotencyKey: 'k2' })).rejects.toMatchObject({ code: 'session_busy', runId: first.run.id })
    await expect(engine.submit({ ...call, action: 'pay_next', idempotencyKey: 'k3' })).rejects.toMatchObject({ code: 'session_busy' })
    expect(await engine.submit(call)).toMatchObject({ outcome: 'joined', run: { id: first.run.id } })
    gate.resolve()
    expect((await wizard.opened.ended(first.run, 20_000)).status).toBe('completed')
    expect(await engine.submit(call)).toMatchObject({ outcome: 'replayed' })
    expect(codeOf(await wizard.step('next'))).toEqual(['completed', undefined])
  })

  test('of many at once exactly one gets on', async () => {
    const gate = Promise.withResolvers<void>()
    const wizard = await openWizard(() => gate.promise)
    const tries = Array.from({ length: 20 }, () =>
      wizard.opened.engine.submit({ caller, action: 'pay_begin', input: { reference: 'R' }, session: wizard.session })
    )
    const settled = await Promise.allSettled(tries)
    gate.resolve()
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('is closed when it is idle too long', async () => {
    const wizard = await openWizard(undefined, { bot: wizardBot(50) })
    await wizard.step('begin')
    await until('it is closed', () => wizard.closed.length === 1)
    expect(codeOf(await wizard.step('next'))).toEqual(['failed', 'screen_gone'])
  })

  test('is closed when the session has ended', async () => {
    const wizard = await openWizard()
    await wizard.step('begin')
    await wizard.opened.engine.sessions.delete(caller, wizard.session)
    await until('it is closed', () => wizard.closed.length === 1)
  })

  test('outlives a refusal of the target, and no attempt that broke off', async () => {
    const wizard = await openWizard(async ({ input }) => {
      if (input.reference === 'refused') throw new BusinessError('refused', 'No.')
      if (input.reference === 'broken') throw new Error('The page broke.')
    })
    await wizard.step('begin')
    expect(codeOf(await wizard.step('next', 'refused'))).toEqual(['failed', 'refused'])
    expect(codeOf(await wizard.step('next'))).toEqual(['completed', undefined])
    expect(codeOf(await wizard.step('next', 'broken'))).toEqual(['failed', 'target_failed'])
    await until('it is closed', () => wizard.closed.length === 1)
    expect(codeOf(await wizard.step('next'))).toEqual(['failed', 'screen_gone'])
    expect(codeOf(await wizard.step('begin'))).toEqual(['completed', undefined])
  })

  test('lives in one worker: what another one gets is handed over', async () => {
    const wizard = await openWizard()
    const others = [await wizard.opened.startWorker(), await wizard.opened.startWorker()]
    await wizard.step('begin')
    for (let i = 0; i < 12; i++) expect(codeOf(await wizard.step('next', `R${i}`))).toEqual(['completed', undefined])
    expect(wizard.closed).toEqual([])
    expect(others).toHaveLength(2)
  })

  test('goes with its worker, and the next one says so at once', async () => {
    const wizard = await openWizard(undefined, { worker: false })
    const first = await wizard.opened.startWorker()
    await wizard.step('begin')
    await first.stop()
    expect(wizard.closed).toHaveLength(1)
    await wizard.opened.startWorker()
    expect(codeOf(await wizard.step('next'))).toEqual(['failed', 'screen_gone'])
    expect(codeOf(await wizard.step('begin'))).toEqual(['completed', undefined])
  })

  test('is closed by a worker that has lost its lease', async () => {
    const wizard = await openWizard()
    await wizard.step('begin')
    // As if this worker had been paused for longer than the lease, and another one had opened the screen anew.
    const { store } = wizard.opened.parts
    const { acquireSlot } = store
    Object.assign(store, {
      acquireSlot: async (slot: Parameters<typeof acquireSlot>[0]) => !slot.name.startsWith('screen/') && acquireSlot(slot)
    })
    await until('it is closed', () => wizard.closed.length === 1)
  })
})
