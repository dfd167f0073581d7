import type { GroupType } from '../typing.js'
import type { Batch } from './batch.js'
import type { Conclusion } from './conclude.js'

/** What is said of some objects. */
export type Finding = Pick<GroupType, 'type' | 'id' | 'source' | 'rivals' | 'evidence'>

export const UNKNOWN: Finding = { type: null, id: null, source: null, rivals: null, evidence: [] }

export function isKnown(found: Finding | undefined): boolean {
  return found?.id != null && found.rivals === 0
}

/** A finding as one of a batch's objects, or of some of them. */
export function groupTypeOf({ described, length, addresses }: Pick<Batch, 'described' | 'length' | 'addresses'>, found: Finding): GroupType {
  const { type, id, source, rivals } = found
  return { described, objects: length, type, id, source, rivals, addresses, get evidence() { return found.evidence } }
}

/** What was concluded, with its reasons: thousands of groups have some, and few are shown. */
export function findingOf(told: Conclusion, source: Finding['source']): Finding {
  const { candidate, rivals } = told
  let kept: readonly string[] | undefined
  return {
    type: structName(candidate.type), id: candidate.shift === 0 ? candidate.id : null, source, rivals,
    get evidence() { return (kept ??= reasons(told)) }
  }
}

function reasons({ candidate, rivals, rivalTypes }: Conclusion): string[] {
  const module = candidate.module === null ? [] : [`declared by ${candidate.module}`]
  const where = candidate.shift === 0 ? [] : [`it stands 0x${candidate.shift.toString(16)} bytes into the object`]
  // What tells most comes first.
  const words = candidate.evidence.filter(({ kind }) => kind !== 'number' && kind !== 'module').sort((a, b) => b.bits - a.bits || a.offset - b.offset).map(({ offset, text, kind }) => (kind === 'cache' ? text : `0x${offset.toString(16)}: ${text}`))
  const others = rivals === 0 ? [] : [`so do ${rivalTypes.map(structName).join(', ')}${rivals > rivalTypes.length ? ` and ${rivals - rivalTypes.length} more` : ''}`]
  return [...words, ...module, ...where, ...others]
}

function structName(type: string): string {
  return type.replace(/^struct /, '')
}
