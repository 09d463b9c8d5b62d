/** A process that ended and that nobody has collected yet holds nothing: who waits for the end of a browser does not wait for that. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { isGroupRunning, isRunning } from '../../adapters/playwright/processes.ts'
import { descendants } from '../e2e/processes.ts'

test('what is defunct does not run, and neither does a group of such', async () => {
  // The shell becomes a program that has a child and does not know of it; the child leads a group of its own.
  const parent = spawn('sh', ['-c', 'setsid sleep 60 & exec sleep 60'], { stdio: 'ignore' })
  try {
    const child = () => descendants(parent.pid as number).find(({ command }) => command.startsWith('sleep'))?.pid
    for (const until = Date.now() + 20_000; child() === undefined && Date.now() < until; ) await sleep(10)
    const pid = child() as number
    expect([await isRunning(pid), await isGroupRunning(pid)]).toEqual([true, true])
    process.kill(pid, 'SIGKILL')
    for (const until = Date.now() + 20_000; (await isRunning(pid)) && Date.now() < until; ) await sleep(10)
    // It and its group still take signals.
    expect([process.kill(pid, 0), process.kill(-pid, 0)]).toEqual([true, true])
    expect([await isRunning(pid), await isGroupRunning(pid)]).toEqual([false, false])
  } finally {
    parent.kill('SIGKILL')
    await once(parent, 'exit')
  }
})

test('what is gone does not run', async () => {
  const child = spawn('true', { detached: true })
  await once(child, 'exit')
  const pid = child.pid as number
  expect([await isRunning(pid), await isGroupRunning(pid)]).toEqual([false, false])
})
