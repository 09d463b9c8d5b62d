/**
 * What every Store must do, sentence by sentence of `core/ports.ts`. `open` gives an empty store for each test;
 * `another` a second one on the same data, as a second process would have it.
 */
import { afterEach, beforeEach, describe } from '@jest/globals'
import type { Store } from '../../src/core/ports.ts'
import { artifactTests } from './store-artifacts.ts'
import { callbackTests } from './store-callbacks.ts'
import { deleteTests, updateTests } from './store-changes.ts'
import { gateTests } from './store-gate.ts'
import { lifeTests } from './store-life.ts'
import { queryTests } from './store-queries.ts'
import { quotaTests } from './store-quotas.ts'
import { recordTests } from './store-records.ts'
import { sessionTests } from './store-sessions.ts'
import { slotTests } from './store-slots.ts'
import { watchTests } from './store-watch.ts'

export interface OpenStore {
  readonly store: Store
  close(): Promise<void>
  another?(): Promise<Store>
}

/** What the tests of one section get: the store of the test that runs, and its twin (itself where there is no other). */
export interface StoreUnderTest {
  store(): Store
  twin(): Promise<Store>
}

export interface StoreTraits {
  /** False: watchers hear their own process only. */
  readonly watchesAcross: boolean
}

export function storeContract(name: string, openStore: () => Promise<OpenStore>, traits: StoreTraits = { watchesAcross: true }): void {
  describe(`${name}: the contract of the Store`, () => {
    let opened: OpenStore | undefined
    let twins: Store[] = []
    const current = () => {
      if (opened === undefined) throw new Error('The store is not open')
      return opened
    }
    const test: StoreUnderTest = {
      store: () => current().store,
      async twin() {
        const twin = await current().another?.()
        if (twin) twins.push(twin)
        return twin ?? current().store
      }
    }
    beforeEach(async () => {
      opened = await openStore()
    })
    afterEach(async () => {
      for (const twin of twins) await twin.close()
      twins = []
      await opened?.close()
      opened = undefined
    })
    for (const section of [
      gateTests,
      updateTests,
      deleteTests,
      queryTests,
      callbackTests,
      quotaTests,
      slotTests,
      recordTests,
      sessionTests,
      artifactTests,
      lifeTests
    ])
      section(test)
    watchTests(test, traits)
  })
}
