import { expect, test } from '@jest/globals'
import { challengeAll, challenged } from './challenges.ts'

const servers = { REDIS_URL: process.env.TEST_REDIS_URL ?? '', RABBITMQ_URL: process.env.TEST_RABBITMQ_URL ?? '' }

test('the campaign catches every broken build', async () => {
  const found = await challengeAll(servers)
  expect(found.filter(({ caught }) => caught.length === 0)).toEqual([])
  expect(found).toHaveLength(challenged.length)
})

test('and finds nothing in the sound one under the same faults', async () => {
  const found = await challengeAll(servers, { sound: true })
  expect(found.filter(({ breaks }) => breaks.length > 0)).toEqual([])
})
