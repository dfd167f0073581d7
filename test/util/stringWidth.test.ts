import original from 'string-width'
import { expect, test } from 'vitest'
import { stringWidth } from '../../lib/util/stringWidth.js'

test('says of each character and of words what string-width says', () => {
  const wrong = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).filter((character) => stringWidth(character) !== original(character))
  expect(wrong).toEqual([])
  for (const text of ['kmalloc-128', 'größe → 日本', '\u001b[1mbold\u001b[22m', '👩‍👩‍👧', '…│⣿', 'e\u0301']) expect(stringWidth(text)).toBe(original(text))
})
