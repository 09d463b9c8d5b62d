/** An effect ledger as the sandboxes keep it: append-only, fsynced, nothing de-duplicated. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Json } from '../../src/index.ts'

interface Effect {
  readonly receivedAt: number
  readonly action: string
  readonly reference: string
  readonly payload: Json
}

const counts = new Map<string, number>()

export async function appendEffect(path: string, { receivedAt, action, reference, payload }: Effect): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  const seq = (counts.get(path) ?? lines(path).length) + 1
  counts.set(path, seq)
  const payloadHash = createHash('sha256').update(JSON.stringify(payload)).digest('hex')
  await using file = await open(path, 'a')
  await file.write(`${JSON.stringify({ seq, receivedAt, appliedAt: Date.now(), action, reference, payloadHash })}\n`)
  await file.sync()
}

export const hasEffect = (path: string, reference: string): boolean =>
  lines(path).some(line => (JSON.parse(line) as { reference: string }).reference === reference)

const lines = (path: string): readonly string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [])
