import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from '@jest/globals'
import { defunctBelow, type ProcessMark } from '../e2e/processes.ts'

test('a process that nobody waits for is found', async () => {
  // The shell becomes a program that has a child and does not know of it.
  const parent = spawn('sh', ['-c', 'sleep 0 & exec sleep 60'])
  try {
    let found: readonly ProcessMark[] = []
    for (const until = Date.now() + 20_000; found.length === 0 && Date.now() < until; ) found = await defunctBelow(parent.pid as number, 0)
    expect(found).toHaveLength(1)
    // Of its command line it may have had something left at the first look.
    expect((await defunctBelow(parent.pid as number, 100)).map(({ pid }) => pid)).toEqual(found.map(({ pid }) => pid))
  } finally {
    parent.kill('SIGKILL')
    await once(parent, 'exit')
  }
})
