/** Finds many texts in one pass (Aho and Corasick): linear in what is searched, however many there are. */

export interface Found {
  /** Units before it, and behind it. */
  readonly from: number
  readonly to: number
  /** Which of the patterns. */
  readonly which: number
}

export class Finder {
  private readonly patterns: readonly Uint16Array[]
  private states = 1
  /** The children of the first state, which has most. */
  private readonly roots = new Map<number, number>()
  /** For each state: its unit, its first child and the next child of its parent; 0 for none. */
  private readonly units: Uint16Array
  private readonly children: Int32Array
  private readonly siblings: Int32Array
  /** For each state: the state of its longest suffix that begins another pattern. */
  private readonly fails: Int32Array
  /** For each state: the longest pattern that ends there, by its number; -1 for none. */
  private readonly ends: Int32Array

  constructor(patterns: readonly Uint16Array[]) {
    this.patterns = patterns
    const most = patterns.reduce((sum, { length }) => sum + length, 1)
    this.units = new Uint16Array(most)
    this.children = new Int32Array(most)
    this.siblings = new Int32Array(most)
    this.fails = new Int32Array(most)
    this.ends = new Int32Array(most).fill(-1)
    // Level by level, so that the shorter ends are known already.
    let open = patterns.map((pattern, which) => ({ pattern, which, state: 0 })).filter(({ pattern }) => pattern.length > 0)
    for (let depth = 0; open.length > 0; depth++) {
      for (const each of open) each.state = this.grow(each.state, each.pattern[depth] ?? 0)
      for (const { pattern, which, state } of open) if (pattern.length === depth + 1) this.ends[state] = which
      open = open.filter(({ pattern }) => pattern.length > depth + 1)
    }
  }

  get isEmpty(): boolean {
    return this.states === 1
  }

  /** 0: there is none. */
  private child(state: number, unit: number): number {
    if (state === 0) return this.roots.get(unit) ?? 0
    let child = this.children[state] ?? 0
    while (child !== 0 && this.units[child] !== unit) child = this.siblings[child] ?? 0
    return child
  }

  private grow(state: number, unit: number): number {
    const there = this.child(state, unit)
    if (there !== 0) return there
    const fail = state === 0 ? 0 : this.step(this.fails[state] ?? 0, unit)
    const made = this.states++
    this.units[made] = unit
    this.fails[made] = fail
    this.ends[made] = this.ends[fail] ?? -1
    if (state === 0) this.roots.set(unit, made)
    else {
      this.siblings[made] = this.children[state] ?? 0
      this.children[state] = made
    }
    return made
  }

  private step(from: number, unit: number): number {
    for (let state = from; ; state = this.fails[state] ?? 0) {
      const next = this.child(state, unit)
      if (next !== 0 || state === 0) return next
    }
  }

  /** At each place where patterns end, the longest of them. */
  find(units: Uint16Array): Found[] {
    const all: Found[] = []
    if (this.isEmpty) return all
    let state = 0
    for (let at = 0; at < units.length; at++) {
      state = this.step(state, units[at] ?? 0)
      const which = this.ends[state] ?? -1
      if (which >= 0) all.push({ from: at + 1 - (this.patterns[which]?.length ?? 0), to: at + 1, which })
    }
    return all
  }
}
