import { expect, test } from 'vitest'
import { visible } from '../../lib/index.js'

test.each([
  ['plain ASCII and 漢字', 'plain ASCII and 漢字'],
  ['\u001b[2J\u009b31m', '\\x1b[2J\\x9b31m'],
  ['a\tb\r\nc\0', 'a\\tb\\r\\nc\\x00'],
  ['evil\u202egpj.exe\u2066', 'evil\\u202egpj.exe\\u2066'],
  ['zero\u200bwidth\ufeff', 'zero\\u200bwidth\\ufeff'],
  ['tag\u{e0041}😀', 'tag\\u{e0041}😀'],
  ['lone \ud800 surrogate', 'lone \\ud800 surrogate']
])('%j', (text, shown) => {
  expect(visible(text)).toBe(shown)
})
