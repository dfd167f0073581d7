import { CodeCounter } from './codeCounter.js'
import { FIRST_VALUE_CODE } from './wordEncoder.js'
import {
  ASCII, ERROR, KERNEL_DATA, KERNEL_TEXT, LIST_HEAD, MISSING, MODULE_DATA, MODULE_TEXT, OTHER, POISON, SELF, SMALL, USER, ZERO
} from './wordClass.js'

/** What the tree needs of the objects: rows of word codes, each standing for a number of objects. */
export interface CodeRows {
  readonly length: number
  readonly words: number
  readonly codes: Uint16Array
  readonly objects: Uint32Array
  classOf(code: number): number
}

/** A word tells kinds of objects apart where at least this share of an identified group's objects holds an address there. */
const pureShare = 0.98
/** Addresses that differ in more than this share of the objects are a varying field or a stale word, no mark of a kind. */
const mostDistinct = 0.5
/** Without addresses, shape is a weak mark: this many splits by it are enough. */
const shapeSplits = 4

/** Few structs are smaller: so many words are taken to be in use where the cache does not tell. */
const usualWords = 3

/** Coarse shapes: what a field of one C type can hold belongs together. Zero and missing words fit every shape. */
const ANY = 0
const NUMBER = 1
const TEXT = 2
const POINTER = 3
const OWN = 4
const CODE = 5
const POISONED = 6

function shapeOf(wordClass: number): number {
  switch (wordClass) {
    case MISSING: case ZERO: return ANY
    // A user address may be a number, and a number a user address.
    case SMALL: case OTHER: case ERROR: case USER: return NUMBER
    case ASCII: return TEXT
    case SELF: case LIST_HEAD: return OWN
    case KERNEL_TEXT: case MODULE_TEXT: return CODE
    case POISON: return POISONED
    // A list's last element points at the static head of the list where the others point at neighbours.
    default: return POINTER
  }
}

function isAddressClass(wordClass: number): boolean {
  return wordClass === KERNEL_TEXT || wordClass === MODULE_TEXT || wordClass === KERNEL_DATA || wordClass === MODULE_DATA
}

interface Node {
  readonly rows: Uint32Array
  readonly objects: number
  /** Last word that told this group apart by an address: everything before it is in use, not stale. -1 where none did yet. */
  readonly identifiedBy: number
  readonly splitByShape: number
}

interface WordTally {
  /** Different addresses. */
  readonly addresses: number
  readonly addressObjects: number
  /** Objects with zero or no word. */
  readonly anyObjects: number
}

/**
 * Divides objects into groups of one kind. An object is often smaller than its slot, and what lies behind it is left over from former
 * owners, so words are not equal witnesses:
 *
 * 0. Objects of zeros alone are a group.
 * 1. Addresses of code and static data are the strongest mark of a kind. The lowest word that holds them divides first.
 * 2. In a group so identified, a later word divides only if (nearly) every object holds an address there: a stale word is of mixed
 *    kind, a field of function pointers is not. Words before the identifying one are in use for certain, and divide by shape.
 * 3. Objects without such addresses are divided by the shape of their words, in order of offset, within the bytes that the cache's
 *    smallest object must have, or within the first three words.
 * 4. Numbers of one such word divide where some objects share one, and where another word has one shape in these and another one in all
 *    others: a stale word knows nothing of what is in use, so that both words are.
 *
 * `leastWords` is how many words of each object are in use for certain, by its cache. Returns the group of each row; the groups are
 * numbered without gaps, in no particular order, and depend on what the objects hold alone.
 */
export function groupRows(rows: CodeRows, leastWords: number): { groupOfRow: Uint32Array; groups: number } {
  const groupOfRow = new Uint32Array(rows.length)
  let groups = 0
  // Nothing but zeros would fit any kind, and is one of its own: memory handed out zeroed and not written since.
  const all = Array.from({ length: rows.length }, (_, row) => row)
  const pending = [all.filter((row) => isBlank(rows, row)), all.filter((row) => !isBlank(rows, row))].filter((part) => part.length > 0)
    .map((part): Node => {
      const own = Uint32Array.from(part)
      return { rows: own, objects: total(rows, own), identifiedBy: -1, splitByShape: 0 }
    })
  while (pending.length > 0) {
    const node = pending.pop()!
    const children = node.rows.length === 1 ? undefined : splitByAddress(rows, node, leastWords) ?? splitByShape(rows, node, leastWords) ?? splitByConstant(rows, node, leastWords)
    if (children === undefined) {
      for (const row of node.rows) groupOfRow[row] = groups
      groups++
    } else {
      for (const child of children) pending.push(child)
    }
  }
  return { groupOfRow, groups }
}

function isBlank(rows: CodeRows, row: number): boolean {
  for (let word = row * rows.words; word < (row + 1) * rows.words; word++) {
    if (rows.codes[word] !== ZERO && rows.codes[word] !== MISSING) return false
  }
  return true
}

function total(rows: CodeRows, members: Uint32Array): number {
  let objects = 0
  for (const row of members) objects += rows.objects[row]
  return objects
}

/** Counts a word's codes in a group; they stay in the counter until the next call. */
function tally(rows: CodeRows, node: Node, word: number): WordTally {
  counter.clear()
  for (const row of node.rows) counter.add(rows.codes[row * rows.words + word], rows.objects[row])
  let addresses = 0
  let addressObjects = 0
  for (let i = 0; i < counter.length; i++) {
    const code = counter.code(i)
    if (!isAddress(rows, code)) continue
    addresses++
    addressObjects += counter.count(code)
  }
  return { addresses, addressObjects, anyObjects: counter.count(ZERO) + counter.count(MISSING) }
}

const counter = new CodeCounter()

function isAddress(rows: CodeRows, code: number): boolean {
  return code >= FIRST_VALUE_CODE && isAddressClass(rows.classOf(code))
}

/** The addresses just counted that at least `least` objects hold. */
function marksCounted(rows: CodeRows, least: number): Set<number> {
  const marks = new Set<number>()
  for (let i = 0; i < counter.length; i++) {
    const code = counter.code(i)
    if (isAddress(rows, code) && counter.count(code) >= least) marks.add(code)
  }
  return marks
}

function discriminates({ addresses, addressObjects }: WordTally): boolean {
  return addresses > 0 && (addresses <= 8 || addresses <= addressObjects * mostDistinct)
}

function splitByAddress(rows: CodeRows, node: Node, leastWords: number): Node[] | undefined {
  if (node.identifiedBy >= 0) {
    for (let word = 0; word < rows.words; word++) {
      const found = tally(rows, node, word)
      const { addresses, addressObjects, anyObjects } = found
      if (!discriminates(found) || (addresses === 1 && addressObjects + anyObjects === node.objects)) continue
      const pure = addressObjects + anyObjects >= node.objects * pureShare && addressObjects * 2 >= node.objects
      if (pure) return divideByAddress(rows, node, word, marksCounted(rows, 1), true)
    }
    return undefined
  }
  const tallies: { word: number; marks: Set<number>; marked: number }[] = []
  for (let word = 0; word < rows.words; word++) {
    if (!discriminates(tally(rows, node, word))) continue
    // In words that may be stale, an address that one object alone holds is a chance find.
    const marks = marksCounted(rows, word < leastWords ? 1 : 2)
    let marked = 0
    for (const code of marks) marked += counter.count(code)
    if (marked > 0) tallies.push({ word, marks, marked })
  }
  if (tallies.length === 0) return undefined
  const most = Math.max(...tallies.map(({ marked }) => marked))
  const chosen = tallies.find(({ marked }) => marked * 2 >= most)!
  return divideByAddress(rows, node, chosen.word, chosen.marks, false)
}

/** A child for each mark at `word`, and one for the rest. */
function divideByAddress(rows: CodeRows, node: Node, word: number, marks: ReadonlySet<number>, restIsIdentified: boolean): Node[] {
  const members = new Map<number, number[]>()
  for (const row of node.rows) {
    const code = rows.codes[row * rows.words + word]
    const key = marks.has(code) ? code : 0
    const same = members.get(key)
    if (same) same.push(row)
    else members.set(key, [row])
  }
  const identifiedBy = Math.max(node.identifiedBy, word)
  return [...members].map(([code, list]) => {
    const own = Uint32Array.from(list)
    const identified = code !== 0 || restIsIdentified
    return { rows: own, objects: total(rows, own), identifiedBy: identified ? identifiedBy : -1, splitByShape: node.splitByShape }
  })
}

function splitByShape(rows: CodeRows, node: Node, leastWords: number): Node[] | undefined {
  const identified = node.identifiedBy >= 0
  if (!identified && node.splitByShape >= shapeSplits) return undefined
  const certain = Math.max(leastWords, identified ? node.identifiedBy : usualWords)
  for (let word = 0; word < Math.min(certain, rows.words); word++) {
    const children = divideByShape(rows, node, word, identified)
    if (children !== undefined) return children
  }
  return undefined
}

/** A child for each shape at `word`; objects with zero or no word there go with the most. Undefined where there is but one shape. */
function divideByShape(rows: CodeRows, node: Node, word: number, identified: boolean): Node[] | undefined {
  const objects = new Float64Array(POISONED + 1)
  const followsText = word > 0 && mostlyText(rows, node, word - 1)
  const shapeAt = (row: number): number => {
    const wordClass = rows.classOf(rows.codes[row * rows.words + word])
    // Data symbols are pointers here: what they name has divided already where it could.
    const shape = shapeOf(wordClass)
    // The end of a string looks like a number; in an identified group a number may happen to look like text.
    return shape === TEXT && (identified || followsText) ? NUMBER : shape
  }
  for (const row of node.rows) objects[shapeAt(row)] += rows.objects[row]
  objects[ANY] = 0
  let largest = 0
  let shapes = 0
  for (let shape = 1; shape < objects.length; shape++) {
    if (objects[shape] > 0) shapes++
    if (objects[shape] > objects[largest]) largest = shape
  }
  if (shapes < 2) return undefined
  const members = new Map<number, number[]>()
  for (const row of node.rows) {
    const shape = shapeAt(row)
    const key = shape === ANY ? largest : shape
    const same = members.get(key)
    if (same) same.push(row)
    else members.set(key, [row])
  }
  return [...members.values()].map((list) => {
    const own = Uint32Array.from(list)
    return { rows: own, objects: total(rows, own), identifiedBy: node.identifiedBy, splitByShape: node.splitByShape + 1 }
  })
}

/** A child for the objects that hold a constant, and one for the others, where another word tells the same ones apart by its shape. */
function splitByConstant(rows: CodeRows, node: Node, leastWords: number): Node[] | undefined {
  if (node.identifiedBy >= 0) return undefined
  for (let word = 0; word < Math.min(Math.max(leastWords, usualWords), rows.words); word++) {
    tally(rows, node, word)
    const constants = Array.from({ length: counter.length }, (_, i) => counter.code(i))
      .filter((code) => code >= FIRST_VALUE_CODE && counter.count(code) > 1 && counter.count(code) < node.objects && !isAddress(rows, code))
    for (const constant of constants) {
      const [holders, others] = [true, false].map((holds): Node => {
        const own = node.rows.filter((row) => (rows.codes[row * rows.words + word] === constant) === holds)
        return { ...node, rows: own, objects: total(rows, own) }
      })
      for (let witness = 0; witness < rows.words; witness++) {
        if (witness === word) continue
        const shape = soleShape(rows, holders, witness)
        const other = shape === ANY ? ANY : soleShape(rows, others, witness)
        if (other !== ANY && shape !== other) return [holders, others]
      }
    }
  }
  return undefined
}

/** The shape that (nearly) all objects of a group have at a word; ANY where they do not agree on one. */
function soleShape(rows: CodeRows, node: Node, word: number): number {
  const objects = new Float64Array(POISONED + 1)
  for (const row of node.rows) objects[shapeOf(rows.classOf(rows.codes[row * rows.words + word]))] += rows.objects[row]
  return Math.max(ANY, objects.findLastIndex((count) => count >= node.objects * pureShare))
}

function mostlyText(rows: CodeRows, node: Node, word: number): boolean {
  let text = 0
  for (const row of node.rows) {
    if (rows.classOf(rows.codes[row * rows.words + word]) === ASCII) text += rows.objects[row]
  }
  return text * 2 > node.objects
}
