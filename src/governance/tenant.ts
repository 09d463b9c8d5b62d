import type { Caller } from '../core/types.ts'

/** 1 to 64 printable characters without spaces. */
export const isTenant = (text: string): boolean => /^[\x21-\x7e]{1,64}$/.test(text)

/** The tenant of the admin key, of every key that names none, and of every token where no claim names tenants. */
export const operatorTenant = 'default'

/** Also in other letters: `Default` beside `default` would deceive a reader. */
export const isOperatorTenant = (tenant: string): boolean => tenant.toLowerCase() === operatorTenant

/** The operator of the whole installation: the admin key, and keys of its tenant that hold everything. Any other tenant's `*` ends at that tenant. */
export const isOperator = ({ tenant, scopes }: Caller): boolean => tenant === operatorTenant && scopes.includes('*')
