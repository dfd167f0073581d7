import type { Key } from './key.js'

const ESC = '\u001b'
const PASTE_START = `${ESC}[200~`
const PASTE_END = `${ESC}[201~`

/** Last letter of `ESC [ … X` and `ESC O X` (xterm's control sequences, "PC-Style Function Keys"). */
const byLetter: Readonly<Record<string, string>> = {
  A: 'up', B: 'down', C: 'right', D: 'left', F: 'end', H: 'home', P: 'f1', Q: 'f2', R: 'f3', S: 'f4', Z: 'shift+tab', M: 'enter'
}

/** Number of `ESC [ number ~`. */
const byNumber: Readonly<Record<number, string>> = {
  1: 'home', 2: 'insert', 3: 'delete', 4: 'end', 5: 'pageup', 6: 'pagedown', 7: 'home', 8: 'end',
  11: 'f1', 12: 'f2', 13: 'f3', 14: 'f4', 15: 'f5', 17: 'f6', 18: 'f7', 19: 'f8', 20: 'f9', 21: 'f10', 23: 'f11', 24: 'f12'
}

/** Code points that `ESC [ code ; modifiers u` names, where they are keys and no characters. */
const byCode: Readonly<Record<number, string>> = { 9: 'tab', 13: 'enter', 27: 'escape', 127: 'backspace' }

/** Control characters that are keys of their own; 0x0a is what Ctrl-J sends. */
const byControl: Readonly<Record<string, string>> = {
  '\r': 'enter', '\n': 'ctrl+j', '\t': 'tab', '\b': 'ctrl+h', '\u007f': 'backspace', '\u001f': 'ctrl+_', '\u0000': 'ctrl+space',
  '\u001c': 'ctrl+\\', '\u001d': 'ctrl+]', '\u001e': 'ctrl+^'
}

/** Sequences a terminal sends in answer to a question are no keys. */
const answer = /^\u001b(?:\[\?[\d;]*[a-zA-Z$]|\[>[\d;]*c|\[\d+;\d+R|[P_\]][^\u0007\u001b]*(?:\u0007|\u001b\\))/
const sequence = /^\u001b\[([\d;:]*)([A-Za-z~^$])/
const singleShift = /^\u001bO([A-Za-z])/
/** The beginning of a sequence that has more to come. */
const unfinished = /^\u001b(?:\[[\d;:?>]*|O|[P_\]][^\u0007\u001b]*\u001b?)?$/

/**
 * Takes what a terminal sends, in whatever pieces, and makes keys of it. A paste is one key, whatever it holds. What may be the beginning
 * of a sequence waits for the rest, or for {@link flush} to say that nothing follows: then a lone ESC was the Escape key.
 */
export class KeyDecoder {
  #pending = ''

  /** Whether something waits for its rest. */
  get waiting(): boolean {
    return this.#pending !== ''
  }

  feed(input: string): Key[] {
    this.#pending += input
    return this.#take(false)
  }

  /** Nothing more came in time. */
  flush(): Key[] {
    return this.#take(true)
  }

  #take(final: boolean): Key[] {
    const keys: Key[] = []
    while (this.#pending !== '') {
      const taken = next(this.#pending, final)
      if (taken === undefined) break
      this.#pending = this.#pending.slice(taken.length)
      if (taken.key !== undefined) keys.push(taken.key)
    }
    return keys
  }
}

interface Taken { readonly key?: Key, readonly length: number }

function next(input: string, final: boolean): Taken | undefined {
  if (input[0] !== ESC) return plain(input)
  if (input.startsWith(PASTE_START)) {
    const end = input.indexOf(PASTE_END)
    // However long a paste takes to come, it is one.
    if (end < 0) return undefined
    return { key: { id: 'paste', text: pasted(input.slice(PASTE_START.length, end)) }, length: end + PASTE_END.length }
  }
  const answered = answer.exec(input)
  if (answered !== null) return { length: answered[0].length }
  const found = sequence.exec(input)
  if (found !== null) return { ...keyOf(sequenceName(found[1], found[2])), length: found[0].length }
  const shifted = singleShift.exec(input)
  if (shifted !== null) return { ...keyOf(byLetter[shifted[1]]), length: shifted[0].length }
  if (unfinished.test(input)) {
    if (!final) return undefined
    if (input.length === 1) return { key: { id: 'escape', text: '' }, length: 1 }
  }
  const rest = plain(input.slice(1))
  if (rest === undefined || input[1] === ESC) return { key: { id: 'escape', text: '' }, length: 1 }
  const name = rest.key!.id === 'text' ? input[1].toLowerCase() : rest.key!.id
  // Alt with a control key reads as its name with both.
  const id = name.startsWith('ctrl+') ? `ctrl+alt+${name.slice(5)}` : `alt+${name}`
  return { key: { id, text: '' }, length: 1 + (rest.key!.id === 'text' ? 1 : rest.length) }
}

function keyOf(name: string | undefined): { key?: Key } {
  if (name === undefined) return {}
  return { key: name.length === 1 ? { id: 'text', text: name } : { id: name, text: '' } }
}

/** Control keys one by one; characters up to the next control are one key, so that fast typing is one edit. */
function plain(input: string): Taken | undefined {
  if (input === '') return undefined
  const first = input[0]
  const code = first.charCodeAt(0)
  if (byControl[first] !== undefined) return { key: { id: byControl[first], text: '' }, length: 1 }
  if (code < 0x20) return { key: { id: `ctrl+${String.fromCharCode(code + 0x60)}`, text: '' }, length: 1 }
  const text = /^[^\u0000-\u001f\u007f]+/.exec(input)![0]
  return { key: { id: 'text', text }, length: text.length }
}

function sequenceName(parameters: string, last: string): string | undefined {
  const numbers = parameters.split(';').map((part) => Number(part.split(':')[0]))
  if (last === 'u') return withModifiers(charName(numbers[0]), numbers[1])
  // xterm's modifyOtherKeys: 27 ; modifiers ; code.
  if (last === '~' && numbers[0] === 27 && numbers.length === 3) return withModifiers(charName(numbers[2]), numbers[1])
  if (last === '~') return withModifiers(byNumber[numbers[0]], numbers[1])
  return withModifiers(byLetter[last], numbers[1])
}

function charName(code: number): string | undefined {
  return byCode[code] ?? (code >= 0x20 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined)
}

/** The parameter is 1 + shift(1) + alt(2) + ctrl(4). */
function withModifiers(name: string | undefined, parameter: number | undefined): string | undefined {
  if (name === undefined || parameter === undefined || !(parameter > 1)) return name
  const bits = parameter - 1
  const isCharacter = name.length === 1
  if (isCharacter && (bits & 6) === 0) return name.toUpperCase()
  return `${bits & 4 ? 'ctrl+' : ''}${bits & 2 ? 'alt+' : ''}${bits & 1 && !isCharacter ? 'shift+' : ''}${name}`
}

/** Terminals send line ends of a paste as CR; controls other than line ends and tabs have no place in code. */
function pasted(text: string): string {
  return text.replace(/\r\n?/g, '\n').replaceAll('\t', '  ').replace(/[\u0000-\u0009\u000b-\u001f\u007f]/g, '')
}
