import type { Json } from './types.ts'

/** The value of a JSON text, or undefined when it is none. */
export function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
