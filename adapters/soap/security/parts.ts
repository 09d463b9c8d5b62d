/** The parts of a request that may be signed, and their ids. */
export const partIds = {
  body: 'retrofit-Body',
  timestamp: 'retrofit-Timestamp',
  usernameToken: 'retrofit-UsernameToken',
  token: 'retrofit-X509',
  action: 'retrofit-Action',
  to: 'retrofit-To',
  messageId: 'retrofit-MessageID',
  replyTo: 'retrofit-ReplyTo'
} as const
export type PartName = keyof typeof partIds

const addressed = ['action', 'to', 'messageId', 'replyTo'] as const

/** The manifest's names for them; WS-Addressing goes together. */
export const signableParts = {
  body: ['body'],
  timestamp: ['timestamp'],
  usernameToken: ['usernameToken'],
  token: ['token'],
  addressing: addressed
} as const satisfies Readonly<Record<string, readonly PartName[]>>
