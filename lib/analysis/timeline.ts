import { median } from './keptGrowth.js'
import type { MachineSeries } from './machineSeries.js'

/** Snapshots between two boots, and when they were taken on a clock that only goes forward. */
export interface Boot {
  /** First snapshot, and the one after the last. */
  readonly from: number
  readonly to: number
  /** Hours since its first snapshot; where nothing dates them, how many snapshots came before. */
  readonly hours: Float64Array
  /** Whether `hours` are hours. */
  readonly timed: boolean
}

export interface Timeline {
  readonly boots: readonly Boot[]
  /** How often the wall clock was set back and that was made good. */
  readonly clockSteps: number
}

const hour = 3_600_000
/** Milliseconds: files that were written one after the other as they were taken are no nearer. */
const LEAST_GAP = 500
/** A gap that is so many times the usual one, followed by a step back, was a clock set forward and back. */
const oddGap = 10

/** Parts a machine's snapshots into boots, and puts each boot on a clock of its own. */
export function timeline(series: MachineSeries): Timeline {
  const n = series.times.length
  const boots: Boot[] = []
  let clockSteps = 0
  let from = 0
  for (let i = 1; i <= n; i++) {
    if (i < n && !rebooted(series, i)) continue
    const boot = clockOf(series, from, i)
    clockSteps += boot.steps
    boots.push(boot)
    from = i
  }
  return { boots, clockSteps }
}

/** Fewer caches say nothing of the machine: one cache that was emptied is no reboot. */
const leastCaches = 5
/** Part of the caches that lose half of what they had when a machine starts anew. Dropped page and dentry caches are far fewer. */
const fallenCaches = 0.4

/** Whether the machine booted between snapshots `i - 1` and `i`: its uptime fell, or unknown, most caches at once did. */
function rebooted({ uptimes, caches }: MachineSeries, i: number): boolean {
  if (!Number.isNaN(uptimes[i]) && !Number.isNaN(uptimes[i - 1])) return uptimes[i] < uptimes[i - 1]
  let counted = 0
  let fallen = 0
  for (const { bytes } of caches) {
    if (!(bytes[i - 1] > 0) || Number.isNaN(bytes[i])) continue
    counted++
    if (bytes[i] <= bytes[i - 1] / 2) fallen++
  }
  return counted >= leastCaches && fallen >= counted * fallenCaches
}

function clockOf({ times, uptimes, datedByFiles }: MachineSeries, from: number, to: number): Boot & { steps: number } {
  const up = uptimes.subarray(from, to)
  const wall = times.subarray(from, to)
  const wallKnown = wall.every((time) => !Number.isNaN(time))
  // `uptime` prints minutes: with those alone, snapshots seconds apart would lie on each other.
  const upKnown = up.every((seconds) => !Number.isNaN(seconds)) && !(wallKnown && up.every((seconds) => seconds % 60 === 0))
  if (upKnown) return { from, to, hours: up.map((seconds) => (seconds - up[0]) / 3600), timed: true, steps: 0 }
  if (!wallKnown) return { from, to, hours: Float64Array.from(wall, (_, i) => i), timed: false, steps: 0 }
  const { forward, steps } = forwardClock(wall)
  // Files copied or unpacked together have one mtime, or nearly: that dates nothing.
  const gaps = to - from - 1
  const span = forward[gaps] - forward[0]
  if (gaps > 0 && (span === 0 || (datedByFiles && span < gaps * LEAST_GAP))) return { from, to, hours: Float64Array.from(wall, (_, i) => i), timed: false, steps: 0 }
  return { from, to, hours: forward.map((time) => (time - forward[0]) / hour), timed: true, steps }
}

/** The clock without its steps back: what lies between a step forward and the one back is shifted, else all that follows is. */
function forwardClock(wall: Float64Array): { forward: Float64Array; steps: number } {
  const forward = wall.slice()
  const n = forward.length
  const gaps = Float64Array.from({ length: Math.max(0, n - 1) }, (_, i) => forward[i + 1] - forward[i]).filter((gap) => gap > 0)
  const usual = gaps.length > 0 ? median(gaps) : 0
  let steps = 0
  let offset = 0
  let jump = -1
  for (let i = 1; i < n; i++) {
    forward[i] += offset
    const gap = forward[i] - forward[i - 1]
    if (gap > oddGap * usual) jump = i
    if (gap >= 0) continue
    steps++
    if (jump > 0 && forward[i] > forward[jump - 1]) {
      // Set forward at `jump`, set back here: the pieces before and after agree with each other.
      const shift = forward[jump] - forward[jump - 1] - usual
      for (let k = jump; k < i; k++) forward[k] -= shift
      const overlap = forward[i - 1] - forward[i]
      for (let k = jump; overlap > 0 && k < i; k++) forward[k] = forward[jump - 1] + (forward[i] - forward[jump - 1]) * (k - jump + 1) / (i - jump + 1)
      jump = -1
    } else {
      offset += usual - gap
      forward[i] += usual - gap
    }
  }
  return { forward, steps }
}
