import { endsOpen } from '../../type/memberAt.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { isKernelAddress, type Contents } from './groupContents.js'
import type { HeldStatics } from './heldStatics.js'
import type { ObjectTypes } from './objectTypes.js'
import { pointerMembers, type PointerMember } from './pointerMembers.js'

/** Pointers, declared as to one type, that lead to one place of an object. */
export interface Lead {
  /** Bytes from the object's start. */
  readonly offset: number
  /** Type id behind the pointers. */
  readonly pointee: number
  /** A member that leads here: `task_struct.cred`. */
  readonly member: string
}

/** The same for a group: how many of its objects are led to. */
export interface GroupLead extends Lead {
  readonly objects: number
}

/** The objects of a group that are led to, and what leads to them as a whole, until more does. */
interface LedGroup {
  readonly objects: number[]
  leads: readonly GroupLead[] | undefined
}

const WORD_BYTES = 8
/** Offsets in an object have room below this in a combined key. */
const OFFSETS = 2 ** 24
const NO_LEADS: readonly never[] = []
/** Part of the first element's pointers that another one must have as well. */
const LIKE_FIRST = 0.5

/** Follows the declared pointers of objects whose struct is known, and keeps where they lead. */
export class Incoming {
  readonly #leads = new Map<number, Lead[]>()
  readonly #groups = new Map<number, LedGroup>()
  readonly #members = new Map<number, readonly PointerMember[]>()
  #led = new Set<number>()

  constructor(
    readonly types: BtfTypes, readonly objects: ObjectTypes, readonly statics: HeldStatics,
    /** Whether leads to an object are asked for. */
    readonly isOpen: (object: number) => boolean
  ) {}

  /** How much of a value of the type must be read to follow its pointers; 0 where it has none. */
  bytesToRead(type: number): number {
    const last = this.#membersOf(type).at(-1)
    return last === undefined ? 0 : last.offset + WORD_BYTES
  }

  /** Follows the pointers of objects of a struct, `positions` of which `contents` holds some. */
  follow(struct: number, positions: Uint32Array, contents: Contents): void {
    const name = this.types.graph.name(struct)
    // What ends in an array of any length has that behind it, and none of its kind.
    const stride = endsOpen(this.types.graph, struct) ? 0 : (this.types.graph.bytesOf(struct) ?? 0) >>> 2
    for (let i = 0, base = 0; i < contents.rows.length; i++, base += contents.halves) {
      const words = contents.words.subarray(base, base + contents.halves)
      const own = positions[contents.rows[i]]
      this.#followValue(struct, name, words, own)
      // What is as large as several of its struct may be an array of them.
      for (let at = stride; at > 0 && at + stride <= words.length && this.#isLikeFirst(struct, words, at); at += stride) {
        this.#followValue(struct, name, words.subarray(at, at + stride), own)
      }
    }
  }

  /** Follows the pointers of a value of a type that is in no slab. */
  followValue(type: number, name: string, words: Uint32Array): void {
    this.#followValue(type, name, words, -1)
  }

  /** Follows an array of pointers up to what cannot be one. */
  followArray(pointee: number, name: string, words: Uint32Array): void {
    for (let at = 0; at + 1 < words.length; at += 2) {
      if ((words[at] | words[at + 1]) === 0) continue
      if (!isKernelAddress(words[at + 1])) return
      this.#lead(words[at], words[at + 1], pointee, name, `[${at / 2}]`, -1)
    }
  }

  /** Takes an object for one of a struct, by something else than a declared pointer. */
  leadTo(object: number, struct: number, by: string): void {
    if (this.isOpen(object)) this.#add(object, 0, struct, by, '')
  }

  /** Where pointers lead to in an object. */
  of(object: number): readonly Lead[] {
    return this.#leads.get(object) ?? NO_LEADS
  }

  /** All leads to the objects of a group, by how many objects they lead to. The list is the same one until there are more. */
  ofGroup(group: number): readonly GroupLead[] {
    const led = this.#groups.get(group)
    if (led === undefined) return NO_LEADS
    return (led.leads ??= this.#counted(led.objects.filter((object) => this.objects.group[object] === group)))
  }

  /** The objects to which more was found to lead since this was asked last. */
  takeLed(): number[] {
    const led = [...this.#led]
    this.#led = new Set()
    return led
  }

  #followValue(type: number, name: string, words: Uint32Array, own: number): void {
    for (const { offset, path, pointee } of this.#membersOf(type)) {
      const at = offset >>> 2
      if (at + 1 >= words.length) continue
      if ((words[at] | words[at + 1]) !== 0) this.#lead(words[at], words[at + 1], pointee, name, path, own)
    }
  }

  #lead(low: number, high: number, pointee: number, name: string, path: string, own: number): void {
    const { objects } = this
    const object = objects.target(low, high)
    if (object < 0) this.statics.lead(low, high, pointee)
    else if (object !== own && this.isOpen(object)) this.#add(object, objects.offsetIn(object, low, high), pointee, name, path)
  }

  /** Whether the pointers of an element look like those of the first: set and unset ones at the same places. */
  #isLikeFirst(struct: number, words: Uint32Array, at: number): boolean {
    let set = 0
    let alike = 0
    for (const { offset } of this.#membersOf(struct)) {
      const first = offset >>> 2
      const isSet = (words[at + first] | words[at + first + 1]) !== 0
      if (isSet && !isKernelAddress(words[at + first + 1])) return false
      if ((words[first] | words[first + 1]) === 0) continue
      set++
      if (isSet) alike++
    }
    return set > 0 && alike >= set * LIKE_FIRST
  }

  #counted(objects: readonly number[]): GroupLead[] {
    const found = new Map<number, Lead & { objects: number }>()
    for (const object of Uint32Array.from(objects).sort()) {
      for (const lead of this.of(object)) {
        const key = lead.pointee * OFFSETS + lead.offset
        const known = found.get(key)
        if (known === undefined) found.set(key, { ...lead, objects: 1 })
        else known.objects++
      }
    }
    return [...found.values()].sort((a, b) => b.objects - a.objects)
  }

  #membersOf(type: number): readonly PointerMember[] {
    let members = this.#members.get(type)
    if (members === undefined) this.#members.set(type, (members = pointerMembers(this.types, type).sort((a, b) => a.offset - b.offset)))
    return members
  }

  #add(object: number, offset: number, pointee: number, name: string, path: string): void {
    let leads = this.#leads.get(object)
    if (leads === undefined) this.#leads.set(object, (leads = []))
    else if ((leads.length >= MOST_LEADS && offset !== 0) || leads.some((lead) => lead.offset === offset && lead.pointee === pointee)) return
    const group = this.objects.group[object]
    let led = this.#groups.get(group)
    if (led === undefined) this.#groups.set(group, (led = { objects: [], leads: undefined }))
    if (leads.length === 0) led.objects.push(object)
    this.#led.add(object)
    leads.push({ offset, pointee, member: path === '' || path.startsWith('[') ? name + path : `${name}.${path}` })
    led.leads = undefined
  }
}

/** What so many different members lead into is of a kind that those told already, but for one that leads to its start. */
const MOST_LEADS = 24
