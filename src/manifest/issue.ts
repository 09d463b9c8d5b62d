/** Mistakes with a place: collected while a manifest is read, printed as compilers do. */
import type { ManifestIssue } from '../core/manifest-issue.ts'

export type Path = readonly (string | number)[]

/** Where in the text: the value at a path, or the key that leads to it. */
export interface Place {
  readonly path: Path
  readonly on: 'key' | 'value'
  /** Known already: a key that was left out has no place of its own. */
  readonly offset?: number
}

export interface Finding extends Place {
  readonly severity: ManifestIssue['severity']
  readonly message: string
}

export type Report = (finding: Finding) => void

export const valueError = (path: Path, message: string): Finding => ({ severity: 'error', path, on: 'value', message })
export const keyError = (path: Path, message: string): Finding => ({ severity: 'error', path, on: 'key', message })
export const valueWarning = (path: Path, message: string): Finding => ({ severity: 'warning', path, on: 'value', message })
export const keyWarning = (path: Path, message: string): Finding => ({ severity: 'warning', path, on: 'key', message })

export const pointerOf = (path: Path): string => path.map(step => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** `actions.transfer.steps[2].click` */
export const dotted = (path: Path): string =>
  path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('')

const byPlace = (a: ManifestIssue, b: ManifestIssue): number =>
  a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column || a.message.localeCompare(b.message)

/** In the order of the text, each once (two actions may report the same mistake of their target). */
export function sortIssues(issues: readonly ManifestIssue[]): readonly ManifestIssue[] {
  const seen = new Map(issues.map(issue => [`${issue.line}:${issue.column}:${issue.message}`, issue]))
  return [...seen.values()].sort(byPlace)
}

/** One line for each mistake, in columns: `file:line:column  error  message`. */
export function formatIssues(issues: readonly ManifestIssue[]): string {
  const places = issues.map(({ file, line, column }) => `${file}:${line}:${column}`)
  const width = Math.max(0, ...places.map(place => place.length))
  return issues.map((issue, index) => `${(places[index] ?? '').padEnd(width)}  ${issue.severity.padEnd(7)}  ${issue.message}`).join('\n')
}
