import { setTimeout as sleep } from 'node:timers/promises'

/** How long a test waits for what it expects: a bound for what never comes, not for a machine that is busy with other things. */
export const patienceMs = 120_000

type Found<T> = Exclude<T, false | null | undefined>

/** Waits until the check holds, or answers something; says what it waited for when that never comes. */
export async function until<T>(what: string, check: () => T | Promise<T>, withinMs = patienceMs): Promise<Found<T>> {
  for (const deadline = Date.now() + withinMs; ; await sleep(10)) {
    const found = await check()
    if (found) return found as Found<T>
    if (Date.now() > deadline) throw new Error(`Waited ${withinMs} ms in vain: ${what}`)
  }
}
