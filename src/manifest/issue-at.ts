/** A mistake that was found outside the loader, at its place in the text. */
import type { ManifestIssue } from '../core/manifest-issue.ts'
import { readDocument } from './document.ts'
import { dotted, type Path, pointerOf, valueError } from './issue.ts'

export function issueAt(source: string, path: Path, message: string): ManifestIssue {
  const finding = valueError(path, message)
  const position = readDocument(source).position(finding)
  return { severity: 'error', file: 'bot.yaml', ...position, pointer: pointerOf(path), message: `${dotted(path)}: ${message}` }
}
