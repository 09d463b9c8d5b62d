/** A process that ended and that nobody has collected yet holds nothing: who waits for the end of a browser does not wait for that. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from '@jest/globals'
import { isGroupRunning, isRunning } from '../../adapters/playwright/processes.ts'
import { descendants } from '../e2e/processes.ts'
import { until } from '../setup/until.ts'

test('what is defunct does not run, and neither does a group of such', async () => {
  // The shell becomes a program that has a child and does not know of it; the child leads a group of its own.
  const parent = spawn('sh', ['-c', 'setsid sleep 60 & exec sleep 60'], { stdio: 'ignore' })
  try {
    const child = () => descendants(parent.pid as number).find(({ command }) => command.startsWith('sleep'))?.pid
    const pid = await until('there is a child', child)
    expect([await isRunning(pid), await isGroupRunning(pid)]).toEqual([true, true])
    process.kill(pid, 'SIGKILL')
    await until('it ends', async () => !(await isRunning(pid)))
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
