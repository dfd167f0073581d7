let current = { width: 80, colour: false }

/** How values are written as text, as the running cell's front end wants them. */
export function textOptions(): { readonly width: number, readonly colour: boolean } {
  return current
}

export function setTextOptions(options: { readonly width: number, readonly colour: boolean }): void {
  current = options
}
