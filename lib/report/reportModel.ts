import type { ColumnTable } from 'arquero'
import type { Finding } from '../analysis/finding.js'
import type { DescribedGroup } from '../analysis/signatures.js'
import type { PlotSpecification } from '../plot/specification.js'
import type { Warning } from '../warnings.js'

/** Something the evidence cannot show, and what would. */
export interface Missing {
  readonly text: string
  /** The command that shows it; null where none is known. */
  readonly command: string | null
  /** Where to type it: at crash's prompt, in a shell on the machine in question, or in a shell anywhere. */
  readonly where: 'crash' | 'machine' | 'shell' | null
}

/** A file that the report rests on. */
export interface Input {
  readonly file: string
  readonly kind: string
  /** Null where it could not be read again, as a pipe. */
  readonly bytes: number | null
  /** Hexadecimal. */
  readonly sha256: string | null
}

/** Where the report comes from: enough to make it again. */
export interface Provenance {
  readonly inputs: readonly Input[]
  /** Of slablab, Node and the kernel in question, by name. */
  readonly versions: Readonly<Record<string, string>>
  readonly kernels: readonly { readonly file: string; readonly release: string | null; readonly buildId: string | null; readonly architecture: string | null }[]
  readonly options: Readonly<Record<string, string | number | boolean>>
  readonly warnings: readonly Warning[]
  /** When the report was made, ISO 8601. */
  readonly made: string
}

/** One word of an example object, or a stretch of it that is zero. */
export interface ExampleWord {
  readonly offset: number
  /** How many words of zeros the line stands for; 1 for a word of its own. */
  readonly words: number
  /** In memory order; empty where the evidence does not hold the word. */
  readonly bytes: readonly number[]
  readonly class: string
  /** 16 hexadecimal digits; null where the evidence does not hold the word. */
  readonly value: string | null
  readonly symbol: string | null
  readonly module: string | null
  /** The cache of the object that the word points into, where it does. */
  readonly cache: string | null
  /** Member of the struct that starts here, where the type is known. */
  readonly member: string | null
  /** Lies behind the object: remains of former users of the slot. */
  readonly stale: boolean
}

/** An object shown byte by byte. */
export interface ExampleObject {
  readonly title: string
  readonly address: string
  readonly words: readonly ExampleWord[]
  readonly note: string
}

/** A table with its plot. */
export interface Section {
  readonly table: ColumnTable
  readonly plot: PlotSpecification | null
  /** A notebook cell that computes the table. */
  readonly code: string
}

/** A report as data: `reportJson`, `reportText` and `reportHtml` write it. */
export interface Report {
  /** A few words: what leaks. */
  readonly title: string
  /** Two sentences that need no knowledge of kernels. */
  readonly summary: string
  readonly suspects: readonly Finding[]
  /** Caches of two moments or machines against each other; null where there is but one. */
  readonly compare: (Section & { readonly before: string; readonly after: string }) | null
  /** Caches over time; null without a series. */
  readonly growth: Section | null
  readonly signatures: (Omit<Section, 'code'> & { readonly groups: readonly DescribedGroup[] }) | null
  readonly examples: readonly ExampleObject[]
  readonly missing: readonly Missing[]
  /** Inputs that could not be used or read whole; the report is partial where there are any. */
  readonly incomplete: readonly string[]
  readonly provenance: Provenance
}
