/** An answer that is not what its signature says, or has none. Nothing in it is used, not even a fault. */
export class Untrusted extends Error {}
