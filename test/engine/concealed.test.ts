/** A secret that comes to be known in an attempt, as the token of a login, is kept like one of the credentials. */
import { afterEach, expect, test } from '@jest/globals'
import { caller, type Opened, openEngine, type Script } from './open-engine.ts'

const token = 'session-4711-abcdefgh'
let opened: Opened | undefined
afterEach(async () => {
  await opened?.close()
  opened = undefined
})

async function runOf(script: Script) {
  opened = await openEngine({ script })
  const { run } = await opened.engine.submit({ caller, action: 'pay_money', input: { reference: 'ref-1' } })
  return opened.ended(run)
}

test.each([token, `it is ${Buffer.from(token).toString('base64')}`])('an output that holds it is dropped: %s', async said => {
  const run = await runOf({
    run: async call => {
      call.conceal([token])
      return { said }
    }
  })
  expect(run).toMatchObject({ status: 'failed', effect: 'none', error: { code: 'secret_in_output' } })
  expect(JSON.stringify(run)).not.toContain(said)
})

test('neither a step nor an error shows it, and no step before it is harmed', async () => {
  const run = await runOf({
    run: async call => {
      await call.step('before', async () => undefined)
      call.conceal([token])
      await call.commit()
      return call.step('send', () => Promise.reject(new Error(`no session ${token}`)))
    }
  })
  expect(JSON.stringify(run)).not.toContain(token)
  expect(run.steps).toMatchObject([
    { name: 'before', ok: true },
    { name: 'send', ok: false, error: 'no session •••' }
  ])
})
