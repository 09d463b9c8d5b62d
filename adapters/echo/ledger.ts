/** An effect ledger as the sandboxes keep it: append-only, fsynced, nothing de-duplicated. */
import { createHash } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Json } from '../../src/index.ts'

interface Effect {
  readonly receivedAt: number
  readonly action: string
  readonly reference: string
  readonly payload: Json
}

const counts = new Map<string, number>()

export function appendEffect(path: string, { receivedAt, action, reference, payload }: Effect): void {
  mkdirSync(dirname(path), { recursive: true })
  const seq = (counts.get(path) ?? lines(path).length) + 1
  counts.set(path, seq)
  const payloadHash = createHash('sha256').update(JSON.stringify(payload)).digest('hex')
  const file = openSync(path, 'a')
  try {
    writeSync(file, `${JSON.stringify({ seq, receivedAt, appliedAt: Date.now(), action, reference, payloadHash })}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

export const hasEffect = (path: string, reference: string): boolean =>
  lines(path).some(line => (JSON.parse(line) as { reference: string }).reference === reference)

const lines = (path: string): readonly string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [])
