import { expect, test } from '@jest/globals'
import { callWith } from '../../adapters/playwright/plan.ts'
import { tryOf } from '../../adapters/playwright/tries.ts'
import { callOf } from './playwright/harness.ts'

const call = (commit?: () => Promise<void>) => callOf(undefined, { url: 'http://127.0.0.1:9', ...(commit && { commit }) })
const open = (made: ReturnType<typeof call>) => tryOf(callWith(made, { errors: [] }))

test('a try that was given up commits nothing; the next one may', async () => {
  const made = call()
  const [first, second] = [open(made), open(made)]
  expect(first.giveUp()).toBe(true)
  await expect(first.call.commit('POST /pay')).rejects.toMatchObject({ name: 'NothingSent' })
  expect(made.seen.commits).toBe(0)
  await second.call.commit('POST /pay')
  expect([made.seen.commits, made.seen.sent, second.call.committed]).toEqual([1, 'POST /pay', true])
})

test('where a try has asked to commit, no other one is made, also while nobody knows the answer', async () => {
  const answer = Promise.withResolvers<void>()
  const first = open(call(() => answer.promise))
  const asked = first.call.commit('POST /pay')
  expect([first.call.committed, first.giveUp()]).toEqual([false, false])
  answer.resolve()
  await asked
})
