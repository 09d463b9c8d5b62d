import { expect, test } from '@jest/globals'
import { challengeAll, challenged } from './challenges.ts'

const servers = { REDIS_URL: process.env.TEST_REDIS_URL ?? '', RABBITMQ_URL: process.env.TEST_RABBITMQ_URL ?? '' }

/** Both at the same time: they mostly wait, for leases and for answers that never come. */
const broken = challengeAll(servers)
const sound = challengeAll(servers, { sound: true })
for (const outcome of [broken, sound]) outcome.catch(() => undefined)

test('the campaign catches every broken build', async () => {
  const found = await broken
  expect(found.filter(({ caught }) => caught.length === 0)).toEqual([])
  expect(found).toHaveLength(challenged.length)
}, 900_000)

test('and finds nothing in the sound one under the same faults', async () => {
  expect((await sound).filter(({ breaks }) => breaks.length > 0)).toEqual([])
}, 900_000)
