// Range headers as RFC 9110 (14.1.2) reads them, put so that workbox reads them the same: a last position past the
// end means the end, a suffix longer than the file means the whole of it.

// The header for a file of so many bytes; null where no byte of the file is in it.
export function withinFile(range, size) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range.trim().toLowerCase()) ?? [];
  if (first ? Number(first) >= size : last && (Number(last) === 0 || size === 0)) return null;
  if (first && last && Number(last) >= size) return `bytes=${first}-`;
  if (first === "" && Number(last) >= size) return "bytes=0-";
  return range;
}
