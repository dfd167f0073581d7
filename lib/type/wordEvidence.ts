/**
 * What one word of an object shows. Offsets are bytes from the object's start and multiples of a word.
 *
 * - `function`: it points at a function of one of these prototypes (`Prototypes.ofFunction`); none where BTF does not know it
 *   `isVaried` where objects point at many, all of these prototypes
 * - `pointer`: it points at a value that starts with one of these types (`CanonicalTypes` numbers; `StructMatcher.typesAt` gives them)
 * - `kin`: it points into the object itself, or into another one that looks like it, `target` bytes from that object's start
 * - `held`: pointers declared to lead to one of these types lead to this place of the object
 * - `address`: it points at kernel data of which nothing is known
 * - `number`: not zero, and no address
 * - `text`: printable characters; `starts` where what stands before them is none
 *
 * `module` is the one whose function or data the word leads to, in one object at least: lists of a module's objects start in its data.
 *
 * A word of zero says nothing and is left out.
 */
export type WordEvidence =
  | { readonly offset: number; readonly kind: 'function'; readonly prototypes: readonly number[]; readonly name?: string; readonly module?: string | null; readonly isVaried?: boolean }
  | { readonly offset: number; readonly kind: 'pointer'; readonly pointees: readonly number[]; readonly name?: string }
  | { readonly offset: number; readonly kind: 'held'; readonly types: readonly number[]; readonly name?: string }
  | { readonly offset: number; readonly kind: 'kin'; readonly target: number; readonly module?: string | null }
  | { readonly offset: number; readonly kind: 'text'; readonly starts?: boolean }
  | { readonly offset: number; readonly kind: 'address'; readonly module?: string | null }
  | { readonly offset: number; readonly kind: 'number' }

/** Whether a word alone can tell structs apart. Numbers, text and addresses of unknown things fit almost anything. */
export function isTelling(word: WordEvidence): boolean {
  return (word.kind === 'function' && word.prototypes.length > 0) || word.kind === 'pointer' || word.kind === 'kin' || word.kind === 'held'
}

/** The same as {@link fittingKey} for most words, without making a string; undefined for the others. No object reaches as far as 64 KiB. */
export function numberKey(word: WordEvidence): number | undefined {
  const place = word.offset * 0x10000 * 8
  switch (word.kind) {
    case 'kin':
      return place + word.target * 8
    case 'address':
      return place + 1
    case 'number':
      return place + 2
    case 'text':
      return place + (word.starts === true ? 3 : 4)
    default:
      return undefined
  }
}

/** What of a word decides which structs have a member for it. */
export function fittingKey(word: WordEvidence): string {
  switch (word.kind) {
    case 'function':
      return `function ${word.offset} ${word.prototypes.join()}`
    case 'pointer':
      return `pointer ${word.offset} ${word.pointees.join()}`
    case 'held':
      return `held ${word.offset} ${word.types.join()}`
    case 'kin':
      return `kin ${word.offset} ${word.target}`
    case 'text':
      return `${word.starts === true ? 'start' : 'text'} ${word.offset}`
    default:
      return `${word.kind} ${word.offset}`
  }
}

/** All that a word says. */
export function wordKey(word: WordEvidence): string {
  if (word.kind === 'function') return [fittingKey(word), word.module === null, word.module, word.name].join(' ')
  if (word.kind === 'kin' || word.kind === 'address') return `${fittingKey(word)} ${word.module ?? ''}`
  return word.kind === 'pointer' || word.kind === 'held' ? `${fittingKey(word)} ${word.name ?? ''}` : fittingKey(word)
}
