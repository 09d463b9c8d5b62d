/** What is left of a world where something was broken: to be looked at, and removed, by a person. */
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Verdict } from './checker.ts'
import type { World } from './world.ts'

interface Looked extends Pick<World, 'output'> {
  readonly site: Pick<World['site'], 'dir'>
  readonly target: Pick<World['target'], 'effects'>
}

/** The world's folder (effect ledger, intents, the nemesis' notes), what its processes wrote, the runs as the API shows them, and the effects. Answers where. */
export function keepEvidence(world: Looked, verdict: Verdict): string {
  const dir = mkdtempSync(join(tmpdir(), 'retrofit-evidence-'))
  cpSync(world.site.dir, join(dir, 'world'), { recursive: true, filter: path => !/chromium|playwright|profile/i.test(basename(path)) })
  writeFileSync(join(dir, 'output.log'), world.output())
  const { runs, ...found } = verdict
  const json = { found, effects: world.target.effects(), runs: [...runs.values()] }
  writeFileSync(join(dir, 'verdict.json'), JSON.stringify(json, null, 2))
  return dir
}
