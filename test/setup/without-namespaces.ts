/** A machine on which nobody can make a user namespace, as in a container of Docker's: a user namespace of root's that may hold no other. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const forbid = 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"'
const namespaceOf = (pid: number | 'self') => readlinkSync(`/proc/${pid}/ns/user`)

/** What the command writes to standard output. Needs root, and a machine that allows namespaces. */
export async function withoutNamespaces(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
  // The shell becomes root of the namespace, and able to forbid anything in it, when it becomes another program after it was mapped.
  const args = ['--user', 'sh', '-c', 'read _; exec sh -c "$@"', 'sh', forbid, 'sh', ...command]
  const child = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'inherit'], env })
  const pid = child.pid as number
  const chunks: Buffer[] = []
  child.stdout.on('data', chunk => chunks.push(chunk))
  const ended = once(child, 'close')
  while (namespaceOf(pid) === namespaceOf('self')) await sleep(1)
  for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${pid}/${map}`, '0 0 65536')
  child.stdin.end('\n')
  await ended
  return Buffer.concat(chunks).toString()
}
