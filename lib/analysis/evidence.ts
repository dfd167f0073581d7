import type { Dump } from '../dump/dump.js'
import type { System } from '../system/system.js'

/** What an analysis of one machine takes: a dump or session as `openDump` gives it, or the system behind it. */
export type MachineEvidence = System | Dump

/** The system behind either. */
export function systemOf(evidence: MachineEvidence): System {
  return 'system' in evidence ? evidence.system : evidence
}
