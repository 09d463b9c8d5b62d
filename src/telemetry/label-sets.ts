import type { Attributes, Hop } from './telemetry.ts'

/** What a hop may be told apart by. Anything else (a run id, a step's name) belongs on a span: every new value is a new time series. */
const labels = ['action', 'bot', 'adapter', 'operation', 'method', 'status', 'outcome'] as const
const mostSets = 1_000

/** Label objects are made once and found again by their values; when there are too many, a hop is counted without labels. */
export function labelSets(): (hop: Hop, attributes?: Attributes) => Attributes {
  const sets = new Map<string, Attributes>()
  return (hop, attributes) => {
    let key: string = hop
    if (attributes !== undefined) for (const label of labels) if (label in attributes) key += `\n${label}=${attributes[label]}`
    const found = sets.get(key)
    if (found !== undefined) return found
    const made = sets.size < mostSets ? pick(hop, attributes) : { hop }
    if (sets.size < mostSets) sets.set(key, made)
    return made
  }
}

function pick(hop: Hop, attributes: Attributes = {}): Attributes {
  const kept = labels.filter(label => attributes[label] !== undefined).map(label => [label, String(attributes[label])] as const)
  return { hop, ...Object.fromEntries(kept) }
}
