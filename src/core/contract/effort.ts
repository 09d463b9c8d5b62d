/** How much is looked at before "nobody can tell": manifests of strangers are compared too, and the answer is the same on every machine. */
export interface Effort {
  /** Pairs of schemas that are looked at. */
  steps: number
  /** Moves of regular expressions. */
  texts: number
  /** Places for which a value is looked for that shows the break. */
  examples: number
}

/** For all actions of a bot. */
export const effortOfBot = (): Effort => ({ steps: 20_000, texts: 4_000_000, examples: 300 })

/** For one schema, taken from that of its bot. */
const most: Effort = { steps: 2_000, texts: 1_000_000, examples: 40 }

/** The part of one schema; `done` gives back what is left of it. */
export function partOf(whole: Effort): { readonly part: Effort; done(): void } {
  const keys = ['steps', 'texts', 'examples'] as const
  const given = Object.fromEntries(keys.map(key => [key, Math.max(0, Math.min(whole[key], most[key]))])) as unknown as Effort
  const part = { ...given }
  return {
    part,
    done: () => {
      for (const key of keys) whole[key] -= given[key] - part[key]
    }
  }
}
