/** A run that completed in the end shows why a step of it failed on the way. */
import { afterEach, expect, test } from '@jest/globals'
import { BusinessError } from '../../src/core/errors.ts'
import { caller, type Opened, openEngine, type Script } from './open-engine.ts'

let opened: Opened | undefined
afterEach(async () => {
  await opened?.close()
  opened = undefined
})

async function runOf(script: Script) {
  opened = await openEngine({ script })
  const { run } = await opened.engine.submit({ caller, action: 'pay_money', input: { reference: 'ref-1', pin: 'hunter22' } })
  return opened.ended(run)
}

test('a step that failed after the commit point, when the probe found the effect', async () => {
  const run = await runOf({
    run: call =>
      call.step('confirm', async () => {
        await call.commit()
        throw new Error('the target closed the connection after 20 of 70 bytes of hunter22\nand more')
      }),
    probe: async () => ({ found: true, output: {} })
  })
  const error = 'the target closed the connection after 20 of 70 bytes of •••'
  expect(run).toMatchObject({ status: 'completed', effect: 'committed', steps: [{ name: 'confirm', ok: false, error }] })
  expect(run.history.find(({ note }) => note === 'waits for the probe')?.reason).toBe(`After the commit point: ${error}`)
  expect(run.error).toBeUndefined()
})

test('a step that the adapter did without, or that said no', async () => {
  const run = await runOf({
    run: async call => {
      await call.step('banner', () => Promise.reject(new BusinessError('refused', 'there is none for hunter22'))).catch(() => undefined)
      await call.step('read', async () => undefined)
      return {}
    }
  })
  expect(run.steps).toMatchObject([
    { name: 'banner', ok: false, error: 'there is none for •••' },
    { name: 'read', ok: true }
  ])
  expect(run.steps[1]).not.toHaveProperty('error')
})

test('an attempt before the one that completed', async () => {
  let attempts = 0
  const run = await runOf({
    run: call =>
      call.step('find', async () => {
        attempts += 1
        if (attempts === 1) throw new Error('no button for hunter22')
        return {}
      })
  })
  expect(run).toMatchObject({ status: 'completed', attempt: 2, steps: [{ name: 'find', ok: true }] })
  expect(run.history.find(({ note }) => note === 'retry')?.reason).toBe('no button for •••')
})
