import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const sharedServer = /\bTEST_(REDIS|RABBITMQ)_URL\b/
const relativeImport = /^(?:import|export|}).* from '(\.{1,2}\/[^']+\.ts)'/gm

/** Does a selected test file, or what it imports from `test/`, read the address of a shared server? */
export function needsServers(rootDir: string, isSelected: (path: string) => boolean): boolean {
  const seen = new Set<string>()
  const needs = (path: string): boolean => {
    if (seen.has(path) || !path.startsWith(join(rootDir, 'test')) || !existsSync(path)) return false
    seen.add(path)
    const text = readFileSync(path, 'utf8')
    return sharedServer.test(text) || [...text.matchAll(relativeImport)].some(([, target]) => needs(join(dirname(path), target as string)))
  }
  return globSync('test/**/*.test.ts', { cwd: rootDir })
    .map(path => join(rootDir, path))
    .filter(isSelected)
    .some(needs)
}
