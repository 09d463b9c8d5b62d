/** What a version of a bot promises its callers, and how another version differs from it. */
import type { Action, Json, JsonSchema } from '../types.ts'

/** A bot as its callers see it. */
export interface Contract {
  readonly bot: string
  readonly version: string
  readonly actions: Readonly<Record<string, ActionContract>>
  /** Names of `$defs` that stand in the manifest's `schemas`. */
  readonly shared: ReadonlySet<string>
}

export interface ActionContract extends Pick<Action, 'title' | 'description' | 'effect' | 'scopes' | 'input' | 'output'> {
  readonly errors: Readonly<Record<string, ErrorContract>>
  readonly idempotency: { readonly key?: readonly string[] | undefined; readonly ttlMs: number }
  readonly screen?: string | undefined
}

export interface ErrorContract {
  readonly status: number
  readonly title: string
  readonly hint?: string | undefined
  readonly notApplied: boolean
  readonly data?: JsonSchema | undefined
}

export interface ContractChange {
  readonly breaking: boolean
  /** False: nobody can tell whether a caller breaks, so it counts as breaking. */
  readonly certain: boolean
  /** The action, or `schema <name>` for one that actions share. */
  readonly where: string
  /** JSON Pointer into the new manifest; of what is gone, into the old one. */
  readonly pointer: string
  /** Absent: nothing was there. */
  readonly was?: Json | undefined
  /** Absent: nothing is there now. */
  readonly is?: Json | undefined
  /** What it does to callers, in a sentence. */
  readonly why: string
  /** A value that shows it: an input that is refused now, or an output that was never answered before. */
  readonly example?: Json | undefined
}

/** In one line, as reports and problems say it. */
export function sayChange({ was, is, why, example }: ContractChange): string {
  const shown = (value: Json | undefined): string => (value === undefined ? 'nothing' : short(JSON.stringify(value)))
  const values = was === undefined && is === undefined ? '' : ` It was ${shown(was)}, it is ${shown(is)}.`
  return `${why}.${values}${example === undefined ? '' : ` For example: ${short(JSON.stringify(example))}.`}`
}

const mostShown = 160
const short = (text: string): string => (text.length > mostShown ? `${text.slice(0, mostShown)}…` : text)
