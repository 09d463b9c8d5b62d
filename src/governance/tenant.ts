/** 1 to 64 printable characters without spaces. */
export const isTenant = (text: string): boolean => /^[\x21-\x7e]{1,64}$/.test(text)
