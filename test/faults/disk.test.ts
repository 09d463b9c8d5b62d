import { expect, test } from '@jest/globals'
import { carryOut } from './campaign.ts'
import { violations } from './checker.ts'
import type { Fault } from './fault.ts'
import { faults } from './faults.ts'

const isThere = (name: string): Fault[] => faults.filter(fault => fault.name === name)

/** What this machine can not break is no fault of the matrix here: it needs a C compiler. */
test('a disk that fails, or is read-only, for a second: refused, the process ends, the next one goes on, nothing twice or lost', async () => {
  const order = { mode: 'embedded', adapter: 'echo', hits: 2, seed: 7, lanes: 1, servers: undefined, onTrial: () => undefined } as const
  for (const fault of isThere('disk-errors')) {
    const batches = await carryOut({ ...order, fault, isOver: () => false })
    expect(batches.flatMap(({ verdict, residue }) => [...violations(verdict), ...residue])).toEqual([])
    expect(batches.flatMap(({ trials }) => trials.map(({ moment, hit }) => [moment, hit]))).toEqual([
      ['EIO', true],
      ['read-only', true]
    ])
  }
  expect(faults.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['kill', 'effect-kill', 'alarm', 'tombstone', 'take-over', 'probe-twin'])
  )
})

test('a Redis whose disk is full, fails or is read-only for a second ends and is started again: nothing twice or lost', async () => {
  const { TEST_REDIS_URL: REDIS_URL = '', TEST_RABBITMQ_URL: RABBITMQ_URL = '' } = process.env
  const servers = { REDIS_URL, RABBITMQ_URL }
  const order = { mode: 'distributed', adapter: 'echo', hits: 3, seed: 7, lanes: 1, servers, onTrial: () => undefined } as const
  for (const fault of isThere('redis-disk')) {
    const batches = await carryOut({ ...order, fault, isOver: () => false })
    expect(batches.flatMap(({ verdict, residue }) => [...violations(verdict), ...residue])).toEqual([])
    expect(batches.flatMap(({ trials }) => trials.map(({ moment, hit }) => [moment, hit]))).toEqual([
      ['full', true],
      ['EIO', true],
      ['read-only', true]
    ])
  }
  expect(REDIS_URL).toMatch(/^redis:/)
})
