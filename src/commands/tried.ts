import type { Trial } from './trial.ts'
import type { FoundAction } from './try-action.ts'
import type { TryFolder } from './try-folder.ts'

/** The parts of an attempt of `retrofit try`. */
export interface Tried extends FoundAction {
  readonly inputs: readonly string[]
  readonly flags: Readonly<Record<string, unknown>>
  readonly trial: Trial
  readonly folder: TryFolder
  readonly isDry: boolean
  readonly key: string
  readonly stepMs: number
}
