import { expect, test } from 'vitest'
import { isText } from '../../../lib/analysis/typing/text.js'

function object(content: Uint8Array | string, bytes = 16): Uint8Array {
  const slot = new Uint8Array(bytes)
  slot.set(typeof content === 'string' ? new TextEncoder().encode(content) : content)
  return slot
}

test('text is as long as the slot asks for, to its NUL', () => {
  expect(isText(object('kworker/u8:3'), 9)).toBe(true)
  expect(isText(object('Grüße – ok'), 9)).toBe(true)
  expect(isText(object('two lines\n'), 9)).toBe(true)
  expect(isText(object('short'), 9)).toBe(false)
  expect(isText(object('0123456789abcdef'), 9)).toBe(false)
  expect(isText(object('a\u0001bcdefghijk'), 9)).toBe(false)
})

test('addresses without a zero byte are no text', () => {
  expect(isText(object(new Uint8Array(new BigUint64Array([0xffff8e89812d1e28n, 0x00ff8e89812d1e28n]).buffer)), 9)).toBe(false)
  expect(isText(object(new Uint8Array([0x61, 0x62, 0xe4, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69])), 9)).toBe(false)
})
