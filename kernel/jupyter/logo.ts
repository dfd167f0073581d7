/** Slabs of objects, one of which leaks. */
export const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">
  <rect x="2" y="2" width="60" height="60" rx="12" fill="#1f2328"/>
  <g fill="#56b4e9">
    <rect x="11" y="13" width="12" height="9" rx="2"/><rect x="26" y="13" width="12" height="9" rx="2"/><rect x="41" y="13" width="12" height="9" rx="2"/>
    <rect x="11" y="26" width="12" height="9" rx="2"/><rect x="41" y="26" width="12" height="9" rx="2"/>
  </g>
  <rect x="26" y="26" width="12" height="9" rx="2" fill="#d55e00"/>
  <path d="M32 37c4 6 6 9 6 12a6 6 0 0 1-12 0c0-3 2-6 6-12z" fill="#d55e00"/>
</svg>
`
