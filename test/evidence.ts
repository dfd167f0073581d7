import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe } from 'vitest'

/** The folder of the large evidence: SLABLAB_EVIDENCE, else the datasets beside the repository. */
export const evidenceFolder = path.resolve(process.env.SLABLAB_EVIDENCE ?? '../shared/datasets')

/** A file of the large evidence. */
export function evidence(...parts: string[]): string {
  return path.join(evidenceFolder, ...parts)
}

/** Whether the large evidence is here. Where it is not, tests on it are listed as left out; where it is, none may be skipped. */
export const hasEvidence = existsSync(evidenceFolder)

/** A group of tests that need the large evidence. */
export const describeEvidence = describe.skipIf(!hasEvidence)
