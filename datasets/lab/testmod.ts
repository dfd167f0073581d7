/**
 * arm64-slab is older than the laboratory. The module that planted it, testmod, made the same mistakes under other names: here they are
 * in the laboratory's words, so that what was made with either can be compared.
 */
const structs: Readonly<Record<string, string>> = { TestModSession: 'planted_job', TestModNode: 'planted_peer', testmod: 'planted' }
const kinds: Readonly<Record<string, string>> = { O: 'seq_operations leaked', S: 'job leaked', L: 'job live', N: 'pair leaked' }
/** The phase in which its files were opened and kept open. */
const heldPhase = '999'

/** A finding as of the laboratory's own module. */
export function inLabWords(finding: string): string {
  return finding.replace(/\b(?:TestModSession|TestModNode|testmod)\b/g, (name) => structs[name])
}

/** Kind and state of a line of its truth, `KIND ADDRESS PHASE`, or of the laboratory's, `KIND STATE ADDRESS STEP`. */
export function kindAndState(line: string): string {
  const words = line.split(' ')
  if (words.length !== 3) return words.slice(0, 2).join(' ')
  const [kind, , phase] = words
  return kind === 'O' && phase === heldPhase ? 'seq_operations live' : kinds[kind]
}
