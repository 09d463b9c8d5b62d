/** 1 to 64 printable characters without spaces. */
export const isTenant = (text: string): boolean => /^[\x21-\x7e]{1,64}$/.test(text)

/** Of the admin key, and of every token where no claim names tenants. */
export const operatorTenant = 'default'

/** Also in other letters: `Default` beside `default` would deceive a reader. */
export const isOperatorTenant = (tenant: string): boolean => tenant.toLowerCase() === operatorTenant
