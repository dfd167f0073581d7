import { BtfKind } from '../../source/btf.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import type { Contents } from './groupContents.js'
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

/** Follows the declared pointers of objects whose struct is known, and keeps where they lead. */
export class Incoming {
  readonly #leads = new Map<number, Lead[]>()
  readonly #groups = new Map<number, LedGroup>()
  readonly #members = new Map<number, readonly PointerMember[]>()

  constructor(readonly types: BtfTypes, readonly objects: ObjectTypes) {}

  /** How much of an object of the struct must be read to follow its pointers; 0 where it has none. */
  bytesToRead(struct: number): number {
    const members = this.#membersOf(struct)
    return members.length === 0 ? 0 : Math.max(...members.map(({ offset }) => offset)) + this.types.graph.pointerBytes
  }

  /** Follows the pointers of objects of a struct. What leads to objects that `isOpen` does not ask for is not kept. */
  follow(struct: number, positions: Uint32Array, contents: Contents, isOpen: (object: number) => boolean): void {
    const members = this.#membersOf(struct)
    const { objects } = this
    const name = this.types.graph.name(struct)
    for (let i = 0, base = 0; i < contents.rows.length; i++, base += contents.halves) {
      for (const { offset, path, pointee } of members) {
        if (offset + WORD_BYTES > contents.halves * 4) continue
        const at = base + (offset >>> 2)
        const low = contents.words[at]
        const high = contents.words[at + 1]
        if ((low | high) === 0) continue
        const object = objects.target(low, high)
        if (object < 0 || object === positions[contents.rows[i]] || !isOpen(object)) continue
        this.#add(object, objects.offsetIn(object, low, high), pointee, name, path)
      }
    }
  }

  /** Where pointers lead to in an object. */
  of(object: number): readonly Lead[] {
    return this.#leads.get(object) ?? NO_LEADS
  }

  /** All leads to the objects of a group, by how many objects they lead to. The list is the same one until there are more. */
  ofGroup(group: number): readonly GroupLead[] {
    const led = this.#groups.get(group)
    if (led === undefined) return NO_LEADS
    return (led.leads ??= this.#counted(led.objects))
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

  #membersOf(struct: number): readonly PointerMember[] {
    let members = this.#members.get(struct)
    if (members === undefined) this.#members.set(struct, (members = pointerMembers(this.types, struct)))
    return members
  }

  #add(object: number, offset: number, pointee: number, struct: string, path: string): void {
    let leads = this.#leads.get(object)
    if (leads === undefined) this.#leads.set(object, (leads = []))
    else if (leads.length >= MOST_LEADS || leads.some((lead) => lead.offset === offset && lead.pointee === pointee)) return
    const group = this.objects.group[object]
    let led = this.#groups.get(group)
    if (led === undefined) this.#groups.set(group, (led = { objects: [], leads: undefined }))
    if (leads.length === 0) led.objects.push(object)
    leads.push({ offset, pointee, member: `${struct}.${path}` })
    led.leads = undefined
  }
}

/** An object whose address so many different members hold is of a kind that those told already. */
const MOST_LEADS = 24

/** What a pointer to no struct leads to: `char[]`, `page *[]`. */
export function arrayName({ graph }: BtfTypes, pointee: number): string {
  if (graph.kind(pointee) !== BtfKind.PTR) return 'char[]'
  const name = graph.name(graph.strip(graph.sizeOrType(pointee)))
  return `${name === '' ? 'void' : name} *[]`
}
