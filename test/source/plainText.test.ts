import { expect, test } from 'vitest'
import { plainBytes, plainText, wholeText } from '../../lib/source/plainText.js'
import { piecesOf } from '../builders/crashSession.js'

const text = 'kmalloc-128 ä\nrow\n'

test.each([
  ['UTF-8', Buffer.from(text)],
  ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
  ['UTF-16 with a mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['UTF-16 big-endian with a mark', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
  ['UTF-16 without a mark', Buffer.from(text, 'utf16le')],
  ['UTF-16 big-endian without a mark', Buffer.from(text, 'utf16le').swap16()]
])('%s, in pieces of any size', async (_, bytes) => {
  for (const piece of [1, 3, 5, 100]) expect(await wholeText(piecesOf(bytes, piece)), `pieces of ${piece}`).toBe(text)
})

test('lone carriage returns become line ends, unless line feeds follow', async () => {
  expect(await wholeText(piecesOf('a\rb\r'))).toBe('a\nb\n')
  expect(await wholeText(piecesOf('a\rb\nc'))).toBe('a\rb\nc')
})

test('short texts and none', async () => {
  expect(await wholeText(piecesOf(''))).toBe('')
  expect(await wholeText(piecesOf('a'))).toBe('a')
  expect(await wholeText(piecesOf(Uint8Array.of(0xef, 0xbb, 0xbf)))).toBe('')
  expect(plainBytes(new Uint8Array(0))).toHaveLength(0)
})

test('ordinary pieces pass through as they are', async () => {
  const piece = Buffer.from('crash> kmem -s\n')
  for await (const chunk of plainText(piecesOf(piece))) expect(chunk.buffer).toBe(piece.buffer)
})
