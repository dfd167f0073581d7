/** The machine a line names: our own `host=`, `uname -a`, or the prompt before a command that shows slabs or memory. */
export function hostIn(line: string): string | undefined {
  return /\bhost(?:name)?\s*[=:]\s*([\w.-]+)/.exec(line)?.[1] ?? /^Linux (\S+) \d+\.\d+\S* #\d/.exec(line)?.[1] ??
    /^\[?[\w.-]+@([\w.-]+)[: ][^#$%>]*[#$%>]\s.*(?:slab|meminfo|free|date)/.exec(line)?.[1]
}
