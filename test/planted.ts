import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { evidence } from './evidence.js'

/** What the test module planted in a guest of the evidence; see the evidence's README for the kinds. */
export interface Planted {
  /** `O`, `S`, `L`, `N`; `held` for the seq_operations of files that are still open. */
  readonly kind: string
  readonly address: bigint
}

/** The truth of one dump. */
export function plantedObjects(dataset: string): Planted[] {
  const text = gunzipSync(readFileSync(evidence(dataset, 'planted.txt.gz'))).toString()
  return text.trim().split('\n').map((line) => {
    const [kind, address, phase] = line.split(' ')
    return { kind: kind === 'O' && phase === '999' ? 'held' : kind, address: BigInt(`0x${address}`) }
  })
}
