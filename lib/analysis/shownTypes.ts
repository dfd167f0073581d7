import type { System } from '../system/system.js'
import type { SignatureGroup } from './signature.js'
import type { TypeGuess } from './knownTypes.js'

/** Addresses of nine digits and more are of 64-bit machines. */
const pointerBytes = 8

/** Every member of a printed struct that is an address, in order. */
const printedAddress = /0x[0-9a-f]{9,16}\b/gi

/**
 * The type that the session itself gave to one of the group's objects, if the printed members and the object's words agree:
 * people try a struct on for size, too.
 */
export function shownTypeOf(system: System, group: SignatureGroup, addresses: () => BigUint64Array): TypeGuess | undefined {
  const shown = system.shownStructs ?? []
  if (shown.length === 0) return undefined
  const own = new Set(addresses())
  for (const { type, address, bytes, members } of shown) {
    if (!own.has(address)) continue
    const values = members.flatMap(({ value }) => value.match(printedAddress) ?? []).map((text) => BigInt(text))
    const stable = new Set(group.words.map(({ value }) => value))
    const agreeing = values.filter((value) => stable.has(value))
    if (values.length > 0 && agreeing.length === values.length) {
      const size = bytes ?? bytesOfPointers(members)
      const onlyPointers = size !== null && size === members.length * pointerBytes
      return {
        type, bytes: size, basis: `the session printed it as struct ${type}`,
        ...(onlyPointers ? { members: Object.fromEntries(members.map(({ name }, i) => [i * pointerBytes, name])) } : {})
      }
    }
  }
  return undefined
}

/** A struct of pointers alone is as large as they are many; of others the printed members do not tell. */
function bytesOfPointers(members: readonly { readonly value: string }[]): number | null {
  const onlyPointers = members.every(({ value }) => /^0x[0-9a-f]{9,16}(\s+<[^>]*>)?$/i.test(value.trim()))
  return onlyPointers && members.length > 0 ? members.length * pointerBytes : null
}
