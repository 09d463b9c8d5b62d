/**
 * The engine's own guards, each found missing or thought of once. Taking one out must show in the simulation.
 * They are taken out as the module is loaded; the files stay as they are.
 */
import { registerHooks } from 'node:module'

export interface Guard {
  readonly name: string
  /** Below `src/engine/`. */
  readonly file: string
  readonly from: string
  readonly to: string
}

export const guards: readonly Guard[] = [
  {
    name: 'no write after the holding has given its run away',
    file: 'holding.ts',
    from: 'if (this.last.lease === undefined) throw',
    to: 'if (false) throw'
  },
  {
    name: 'a name of its own for each claim',
    file: 'execute.ts',
    from: 'randomText(8)}`',
    to: "''}`"
  },
  { name: 'a gate that closes with its attempt', file: 'call.ts', from: 'if (closed) throw', to: 'if (false) throw' },
  {
    name: 'evidence of this attempt alone',
    file: 'attempt.ts',
    from: 'holding.crossedBefore || (call.committed && !notApplied)',
    to: '(holding.crossedBefore || call.committed) && !notApplied'
  },
  {
    name: 'no failure without an effect when an attempt before has crossed',
    file: 'attempt.ts',
    from: 'const ending = work.holding.crossedBefore',
    to: 'const ending = false'
  },
  {
    name: 'a crossing that let nothing through is taken back',
    file: 'holding.ts',
    from: "cleared = run.effect !== 'none'",
    to: 'cleared = false'
  },
  {
    name: 'nothing again after outcome_unknown was told',
    file: 'probe.ts',
    from: "holding.run.status === 'working' && ",
    to: ''
  },
  {
    name: 'a known key is answered while the target rests',
    file: 'submit.ts',
    from: 'if (error instanceof RetrofitError) return { refusal: error }',
    to: 'if (error instanceof RetrofitError) throw error'
  },
  { name: 'only who holds the run goes on', file: 'holding.ts', from: 'fresh.lease?.worker === this.worker', to: 'true' },
  { name: 'a weak probe is not believed', file: 'look.ts', from: 'if (action.probe.weak)', to: 'if (false)' },
  { name: 'after the commit point no retry', file: 'attempt.ts', from: 'if (mayBeThere(', to: 'if (false && mayBeThere(' },
  {
    name: 'a lost worker after the commit point is not run again',
    file: 'sweep.ts',
    from: "if (run.effect !== 'none') return afterCommit",
    to: 'if (false) return afterCommit'
  },
  {
    name: 'nobody takes up a run that two workers were lost on',
    file: 'sweep.ts',
    from: 'if (isPoison(run)) return ended',
    to: 'if (false) return ended'
  },
  {
    name: 'nor one whose commit point was crossed',
    file: 'sweep.ts',
    from: 'if (isPoison(run)) return lostTwiceAfterCommit',
    to: 'if (false) return lostTwiceAfterCommit'
  }
]

/** Takes one out of what is imported from now on. Throws when its text is not there: then the table is old. */
export function takeOut({ file, from, to }: Guard): void {
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      if (!url.endsWith(`/src/engine/${file}`)) return loaded
      const source = String(loaded.source)
      if (!source.includes(from)) throw new Error(`${file} has no ${from}`)
      return { ...loaded, source: source.replace(from, to) }
    }
  })
}
