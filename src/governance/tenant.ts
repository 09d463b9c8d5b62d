import type { Caller } from '../core/types.ts'

/** 1 to 64 printable characters without spaces. */
export const isTenant = (text: string): boolean => /^[\x21-\x7e]{1,64}$/.test(text)

/** Of the admin key, and of every key that names no tenant. */
export const operatorTenant = 'default'

/** The operator of the whole installation: the admin key, and keys of its tenant that hold everything. Any other tenant's `*` ends at that tenant. */
export const isOperator = ({ tenant, scopes }: Caller): boolean => tenant === operatorTenant && scopes.includes('*')
