/** The person at the keyboard: a line at a time, with history. Between two questions Ctrl-C is a signal like anywhere. */
import { createInterface } from 'node:readline'

export type Typed = { readonly line: string } | { readonly end: 'eof' | 'interrupt' }

/** Lines that come faster than anybody types were pasted, and belong together. */
const pastedWithinMs = 30

export interface ReadOptions {
  readonly prompt: string
  /** Newest first; what was typed is added. */
  readonly history?: string[]
  readonly signal?: AbortSignal
}

export function readTyped({ prompt, history = [], signal }: ReadOptions): Promise<Typed> {
  const reader = createInterface({
    input: process.stdin,
    output: process.stderr,
    prompt,
    terminal: true,
    history: [...history],
    historySize: 500
  })
  const lines: string[] = []
  return new Promise(resolve => {
    let timer: NodeJS.Timeout | undefined
    const finish = (typed: Typed): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      resolve(typed)
      reader.close()
    }
    const aborted = (): void => finish({ end: 'interrupt' })
    signal?.addEventListener('abort', aborted)
    reader.on('line', line => {
      lines.push(line)
      clearTimeout(timer)
      timer = setTimeout(() => {
        // The last line of what was pasted has no end yet: the person adds it.
        if (reader.line !== '') return
        const text = lines.join('\n').trim()
        if (text !== '' && history[0] !== text) history.unshift(text)
        finish({ line: text })
      }, pastedWithinMs)
    })
    reader.on('SIGINT', () => {
      const wasEmpty = reader.line === ''
      process.stderr.write('\n')
      if (wasEmpty) return finish({ end: 'interrupt' })
      reader.write(null, { ctrl: true, name: 'e' })
      reader.write(null, { ctrl: true, name: 'u' })
    })
    reader.on('close', () => finish(lines.length > 0 ? { line: lines.join('\n').trim() } : { end: 'eof' }))
    reader.prompt()
  })
}
