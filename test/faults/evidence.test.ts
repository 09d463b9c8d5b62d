import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { judge } from './checker.ts'
import { keepEvidence } from './evidence.ts'

test('keeps what a person needs to find out why something was broken', () => {
  const dir = mkdtempSync(join(tmpdir(), 'retrofit-world-'))
  writeFileSync(join(dir, 'intents.jsonl'), 'one')
  mkdirSync(join(dir, 'profile'))
  const effects = new Map([['R-1', 2]])
  const verdict = judge({ intents: [], answers: [], owners: new Map(), runs: [], effects }, ['k1: no end'])
  const effect = { seq: 1, receivedAt: 1, appliedAt: 2, action: 'pay', reference: 'R-1', payloadHash: '' }
  const kept = keepEvidence({ site: { dir }, target: { effects: () => [effect] }, output: () => 'what they wrote' }, verdict)
  const read = (name: string) => readFileSync(join(kept, name), 'utf8')
  expect(JSON.parse(read('verdict.json'))).toMatchObject({
    found: { lost: ['k1: no end'], phantom: [expect.stringContaining('R-1')] },
    effects: [effect]
  })
  expect([read('output.log'), read('world/intents.jsonl'), existsSync(join(kept, 'world/profile'))]).toEqual([
    'what they wrote',
    'one',
    false
  ])
  for (const each of [dir, kept]) rmSync(each, { recursive: true })
})
