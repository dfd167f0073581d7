import { describe, expect, test } from 'vitest'
import type { Key } from '../../../kernel/repl/terminal/key.js'
import { KeyDecoder } from '../../../kernel/repl/terminal/keyDecoder.js'

const ids = (keys: Key[]): string[] => keys.map(({ id, text }) => (text === '' ? id : `${id}:${text}`))
const decode = (input: string): string[] => {
  const decoder = new KeyDecoder()
  return ids([...decoder.feed(input), ...decoder.flush()])
}

describe('what terminals send', () => {
  test.each([
    ['a', 'text:a'], ['hello', 'text:hello'], ['漢字', 'text:漢字'], ['👩‍💻', 'text:👩‍💻'],
    ['\r', 'enter'], ['\n', 'ctrl+j'], ['\t', 'tab'], ['\u007f', 'backspace'], ['\b', 'ctrl+h'], ['\u001f', 'ctrl+_'], ['\u0001', 'ctrl+a'], ['\u0003', 'ctrl+c'],
    ['\u001b[A', 'up'], ['\u001bOA', 'up'], ['\u001b[1;5D', 'ctrl+left'], ['\u001b[1;3C', 'alt+right'], ['\u001b[H', 'home'], ['\u001b[4~', 'end'], ['\u001b[3~', 'delete'],
    ['\u001b[3;5~', 'ctrl+delete'], ['\u001b[5~', 'pageup'], ['\u001b[Z', 'shift+tab'], ['\u001bOP', 'f1'], ['\u001b[12~', 'f2'],
    ['\u001b\r', 'alt+enter'], ['\u001b[13;3u', 'alt+enter'], ['\u001b[13;2u', 'shift+enter'], ['\u001b[27;2;13~', 'shift+enter'], ['\u001b[97;5u', 'ctrl+a'], ['\u001b[97u', 'text:a'],
    ['\u001bb', 'alt+b'], ['\u001b\u007f', 'alt+backspace'], ['\u001b<', 'alt+<'], ['\u001b', 'escape'], ['\u001b\u001b[A', 'escape,up']
  ])('%j is %s', (input, expected) => {
    expect(decode(input).join(',')).toBe(expected)
  })

  test('answers of the terminal and unknown sequences are no keys', () => {
    expect(decode('\u001b[?62;4c\u001b[12;40R\u001b]11;rgb:0/0/0\u0007\u001b_Gi=1;OK\u001b\\\u001b[99~x')).toEqual(['text:x'])
  })

  test('a sequence may come in pieces; a lone ESC waits until nothing follows', () => {
    const decoder = new KeyDecoder()
    expect(decoder.feed('\u001b')).toEqual([])
    expect(decoder.waiting).toBe(true)
    expect(decoder.feed('[1;5')).toEqual([])
    expect(ids(decoder.feed('D'))).toEqual(['ctrl+left'])
    expect(decoder.waiting).toBe(false)
  })

  test('a paste is one key in however many pieces, line ends and all', () => {
    const decoder = new KeyDecoder()
    expect(decoder.feed('\u001b[200~const a = 1\r\tb')).toEqual([])
    expect(decoder.flush()).toEqual([])
    expect(decoder.feed('\u001b[A\u0007c\r\nd\u001b[201~x')).toEqual([{ id: 'paste', text: 'const a = 1\n  b[Ac\nd' }, { id: 'text', text: 'x' }])
  })
})
