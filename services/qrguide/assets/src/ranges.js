// Range headers as RFC 9110 (14.1.2) reads them, put so that workbox reads them the same: a last position past the
// end means the end, a suffix longer than the file means the whole of it.

export function withinFile(range, size) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range.trim().toLowerCase()) ?? [];
  if (first && last && Number(last) >= size && Number(first) < size) return `bytes=${first}-`;
  if (first === "" && last && Number(last) >= size && size > 0) return "bytes=0-";
  return range;
}
