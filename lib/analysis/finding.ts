/** What a rule concludes. `maybe` where a part of the proof is not in the evidence. */
export const verdicts = ['leak', 'maybe', 'not a leak'] as const
export type Verdict = (typeof verdicts)[number]

/**
 * How far the evidence carries the verdict:
 * - `certain`: the objects are of the accused kind, nothing refers to them, and the code at fault was read
 * - `likely`: what the objects hold names the code, and independent evidence (growth, comparison, no references) agrees
 * - `weak`: one kind of evidence only
 */
export const confidences = ['certain', 'likely', 'weak'] as const
export type Confidence = (typeof confidences)[number]

/** One thing seen, that anybody can see again. */
export interface EvidenceItem {
  /** One sentence. */
  readonly text: string
  /** Where it was seen: 16 hexadecimal digits each, a few of many. */
  readonly addresses: readonly string[]
  /** A notebook cell that recomputes it; null for what is known of the kernel's source and not of this machine. */
  readonly code: string | null
}

/** A group of objects under suspicion, or cleared of it. */
export interface Finding {
  readonly verdict: Verdict
  readonly confidence: Confidence
  readonly cache: string | null
  readonly type: string | null
  /** Objects in which the evidence was seen, or all that are accounted to it; null where there is none to count. */
  readonly objects: number | null
  /** Memory that these objects take. */
  readonly bytes: number | null
  /** Memory that goes with them: what they alone keep alive, their own included. Null where reachability is unknown. */
  readonly retainedBytes: number | null
  /** Objects to which nothing leads. Null where reachability is unknown. */
  readonly unreachable: number | null
  readonly module: string | null
  /** The code that the objects name, the telling symbol first. */
  readonly symbols: readonly string[]
  /** Name of the rule. */
  readonly rule: string
  /** What happened, in one sentence. */
  readonly hypothesis: string
  /** What to change, or where to look, in one sentence. */
  readonly fix: string
  readonly evidence: readonly EvidenceItem[]
}

/** Worst and surest first, then by memory. */
export function rankFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) =>
    verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict)
    || confidences.indexOf(a.confidence) - confidences.indexOf(b.confidence)
    || (b.retainedBytes ?? b.bytes ?? 0) - (a.retainedBytes ?? a.bytes ?? 0)
    || (b.objects ?? 0) - (a.objects ?? 0)
    || (a.cache ?? '').localeCompare(b.cache ?? ''))
}
