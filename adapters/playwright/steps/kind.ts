/** A kind of step: how its body is compiled. */
import { type Json, renderText, type Template } from '../../../src/index.ts'
import { compilePlace, type Issue, type Path, template } from '../locator.ts'
import type { Place, Stage, Step } from '../plan.ts'
import { scopeOf } from '../plan.ts'
import type { LocatorSource, StepSource } from '../shape.ts'

export interface Compiler {
  readonly issue: Issue
  readonly locale: string
  /** Compiles steps within a step. */
  steps(source: readonly Record<string, unknown>[] | undefined, path: Path): readonly Step[]
}

export type Compiled = Pick<Step, 'run' | 'place'> & Partial<Pick<Step, 'rehearse' | 'types'>> & { readonly about?: string }
export type Body<Name extends keyof StepSource> = NonNullable<StepSource[Name]>

export interface Kind<Name extends keyof StepSource = keyof StepSource> {
  /** It does something to the page. */
  readonly acts: boolean
  /** It looks for declared errors by itself. */
  readonly inspects?: boolean
  compile(body: Body<Name>, path: Path, compiler: Compiler): Compiled | undefined
}

/** A kind whose body names one element. */
export function onElement<Source extends LocatorSource>(
  body: Source,
  path: Path,
  { issue }: Compiler,
  make: (place: Place) => Pick<Compiled, 'run' | 'rehearse'>
): Compiled | undefined {
  const place = compilePlace(body, path, issue)
  return place === undefined ? undefined : { place, about: place.text, ...make(place) }
}

export const text = (value: Json, path: Path, { issue }: Compiler): ((stage: Stage) => Promise<string>) => {
  const made: Template = template(value, path, issue)
  return stage => renderText(made, scopeOf(stage))
}
