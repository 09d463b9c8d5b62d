/** The form of a manifest after loading, and everything that steps see while they run. */
import type { Frame, Locator, Page } from 'playwright-core'
import type { Call, Json, JsonSchema, Scope, Template } from '../../src/index.ts'
import type { PlaceSpec } from './page-script.ts'
import type { Tab } from './tab.ts'

/** The parts of a locator. */
export interface Look {
  /** Absent: a row alone. */
  readonly way: string | undefined
  /** Present for `role`. */
  readonly role: string | undefined
  /** The text that was looked for. */
  readonly wanted: string
  readonly found: Locator
  /** The container that `within` names. */
  readonly outer: Locator | undefined
  /** Every row that `row` fits. */
  readonly rows: Locator | undefined
  /** Where the rest of it looks. */
  readonly root: Frame | Locator
}

/** Finds an element; compiled once. */
export interface Place {
  /** As the manifest says it, for people. */
  readonly text: string
  find(stage: Stage): Promise<Locator>
  /** Its parts, without waiting: one for each alternative. */
  look(stage: Stage): Promise<readonly Look[]>
  /** Set when code inside the page can find it, so that several are found in one round trip. */
  spec?(stage: Stage): Promise<PlaceSpec>
}

export interface CommitRule {
  /** Method and path pattern of the request that has the effect. */
  readonly matches?: (method: string, url: URL) => boolean
  /** `any`: nothing is held. */
  readonly via: 'connection' | 'browser' | 'any'
}

export interface Step {
  readonly kind: string
  readonly title: string
  readonly timeoutMs: number
  /** It does something to the page (and does not only look). */
  readonly acts: boolean
  /** It looks for declared errors by itself. */
  readonly inspects: boolean
  readonly place?: Place | undefined
  readonly commit?: CommitRule | undefined
  /** It writes into a field key by key. */
  readonly types?: boolean | undefined
  /** Every check that the step makes, without the step. */
  rehearse?(stage: Stage, timeoutMs: number): Promise<void>
  run(stage: Stage, timeoutMs: number): Promise<void>
}

export interface DeclaredCondition {
  readonly code: string
  readonly title: string
  readonly notApplied: boolean
  readonly place: Place
}

export interface Login {
  readonly steps: readonly Step[]
  /** Path of the login page, when the first step goes there. */
  readonly path: string | undefined
  readonly ready: Place | undefined
  readonly signedOff: Place | undefined
  /** The element that the target shows when it refuses the credentials. */
  readonly refused: Place | undefined
  /** The fields that the steps fill. */
  readonly form: readonly Place[]
}

/** An attempt's knowledge of the session that its page is in. */
export interface Watch {
  /** Address of the first page after the login. */
  readonly home: string
  /** A login was made because of what was missing: what is missing now is missing for another reason. */
  readonly isAnew: boolean
  /** Whether the steps may still begin anew: before the commit point, and always in a probe. */
  mayBeginAnew(): boolean
  /** The session was seen alive in this attempt. */
  isSure: boolean
  /** Nothing is left to look at on the first page that it opens. */
  hasLooked: boolean
  /** `ready` was on that page. */
  wasReady: boolean
  /** How many documents there were then; undefined before. */
  documents: number | undefined
}

export interface PoolRules {
  readonly pages: number | undefined
  readonly maxUses: number
  readonly maxAgeMs: number
}

export interface Plan {
  readonly login: Login
  readonly pool: PoolRules
  readonly timeoutMs: number
  readonly errors: readonly DeclaredCondition[]
  readonly steps: readonly Step[]
  /** They take nothing from the page that they find: they begin at an address, and they only read. */
  readonly isAlone: boolean
  readonly result: Template | undefined
  /** Without a result, what it declares of what was extracted goes out. */
  readonly output: JsonSchema
  readonly probe: { readonly steps: readonly Step[]; readonly found: Template; readonly output: Template | undefined } | undefined
}

/** The part of a call that steps need: a login has no call of its own. */
export type StageCall = Omit<Call<Plan>, 'steps'> & {
  readonly errors: readonly DeclaredCondition[]
  /** True for a probe: its reading is not the target's answer. */
  readonly probes: boolean
}

export interface Stage {
  readonly call: StageCall
  readonly login: Login
  readonly tab: Tab
  readonly page: Page
  /** Where locators look: the page's main frame, or a frame in it. */
  readonly frame: Frame
  readonly extracted: Record<string, Json>
  /** Absent while a login is made, and where there is none. */
  readonly watch?: Watch | undefined
  /** Looks at the page beside a step that takes long, and throws when it says that the step will come to nothing. */
  readonly beside?: ((stage: Stage, step: Step) => Promise<void>) | undefined
  /** Items of the loops around. */
  readonly locals: Readonly<Record<string, Json>>
}

/** Where what is filled in now goes. A frame without an address of its own belongs to the page around it. */
function originOf(frame: Frame): string | undefined {
  for (let at: Frame | null = frame; at !== null; at = at.parentFrame()) {
    const url = at.url()
    if (url !== '' && url !== 'about:blank' && url !== 'about:srcdoc') return URL.canParse(url) ? new URL(url).origin : undefined
  }
  return undefined
}

/** Credentials are seen on pages of their own origins; anywhere else marks stand for them. */
export function scopeOf(stage: Stage): Scope {
  const { call, extracted, locals } = stage
  return {
    ...extracted,
    ...locals,
    input: call.input,
    session: call.session,
    credentials: call.credentialsAt(originOf(stage.frame)),
    env: call.target.env,
    steps: extracted,
    run: { id: call.run.id, reference: call.run.reference, attempt: call.run.attempt }
  }
}

/** The same call with some members of its own; `committed` and the like stay live. */
export function callWith(call: object, own: Partial<StageCall>): StageCall {
  const members = Object.entries(own).map(([name, value]) => [name, { value, enumerable: true }])
  return Object.create(call, Object.fromEntries(members))
}
