/** What the interruption of a cell is called; front ends know this name from Python. */
export const interruptName = 'KeyboardInterrupt'
