/** How much an agent may use up. */
import type { Tokens } from './agent.ts'

export interface Limits {
  /** Times that the model is asked, for one question. */
  readonly turns: number
  /** Read and written, in the whole conversation. */
  readonly tokens: number
  /** Calls that change something, in the whole conversation. */
  readonly effects: number
}

export const defaultLimits: Limits = { turns: 20, tokens: 500_000, effects: 20 }

/** Actions in one prompt; of more a model gets a search. */
export const defaultMostTools = 60

export interface Budget {
  readonly limits: Limits
  readonly tokens: number
  readonly effects: number
  spend(tokens: Tokens): void
  /** Takes the effect before the call is sent: calls run in parallel. False: there is none left. */
  takeEffect(): boolean
  /** It is known that nothing happened. */
  giveEffectBack(): void
}

export function createBudget(given: Partial<Limits> = {}): Budget {
  const limits = { ...defaultLimits, ...given }
  const used = { tokens: 0, effects: 0 }
  return {
    limits,
    get tokens() {
      return used.tokens
    },
    get effects() {
      return used.effects
    },
    spend({ input, output }) {
      used.tokens += input + output
    },
    takeEffect() {
      if (used.effects >= limits.effects) return false
      used.effects++
      return true
    },
    giveEffectBack() {
      used.effects--
    }
  }
}
