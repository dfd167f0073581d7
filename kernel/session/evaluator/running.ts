export interface CellTextOptions { readonly width: number, readonly colour: boolean, readonly rows?: number }

let text: CellTextOptions = { width: 80, colour: false }
let signal = new AbortController().signal

/** How values are written as text, as the running cell's front end wants them. */
export function textOptions(): CellTextOptions {
  return text
}

/** Aborted when the running cell is interrupted. */
export function runningSignal(): AbortSignal {
  return signal
}

export function startRunning(options: CellTextOptions, aborted: AbortSignal): void {
  text = options
  signal = aborted
}
