/** MD4 (RFC 1320), which NTLM is built on and OpenSSL no longer has. For nothing else: it is broken. */
const shifts = [
  [3, 7, 11, 19],
  [3, 5, 9, 13],
  [3, 9, 11, 15]
] as const
const constants = [0, 0x5a827999, 0x6ed9eba1] as const
const orders = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]
] as const
const mixes: readonly ((x: number, y: number, z: number) => number)[] = [
  (x, y, z) => (x & y) | (~x & z),
  (x, y, z) => (x & y) | (x & z) | (y & z),
  (x, y, z) => x ^ y ^ z
]

export function md4(message: Buffer): Buffer {
  const padded = Buffer.alloc((((message.length + 8) >> 6) + 1) * 64)
  message.copy(padded)
  padded[message.length] = 0x80
  padded.writeBigUInt64LE(BigInt(message.length) * 8n, padded.length - 8)
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
  for (let at = 0; at < padded.length; at += 64) addBlock(state, padded.subarray(at, at + 64))
  const digest = Buffer.alloc(16)
  for (const [index, word] of state.entries()) digest.writeUInt32LE(word >>> 0, index * 4)
  return digest
}

function addBlock(state: number[], block: Buffer): void {
  let [a = 0, b = 0, c = 0, d = 0] = state
  for (const [round, order] of orders.entries())
    for (const [step, word] of order.entries()) {
      const mixed = (a + (mixes[round]?.(b, c, d) ?? 0) + block.readUInt32LE(word * 4) + (constants[round] ?? 0)) | 0
      const turn = shifts[round]?.[step % 4] ?? 0
      const turned = (mixed << turn) | (mixed >>> (32 - turn))
      ;[a, d, c, b] = [d, c, b, turned]
    }
  for (const [index, word] of [a, b, c, d].entries()) state[index] = ((state[index] ?? 0) + word) | 0
}
