// What a code on a sign leads to, without opening it.

// `sights` are the numbers of this guide, `town` its town. Gives { kind, ... }: a "sight" of this guide with its
// number, a "page" of it with its path; or "other_origin", "other_town" or "unknown", with what to show.
export function readCode(text, { origin, town, sights }) {
  const shown = text.slice(0, 200);
  let address;
  try {
    address = new URL(text.trim());
  } catch {
    return { kind: "unknown", shown };
  }
  if (!/^https?:$/.test(address.protocol)) return { kind: "unknown", shown };
  if (address.origin !== origin) return { kind: "other_origin", shown };
  const [, typed] = /^\/s\/(\d+)$/.exec(address.pathname) ?? [null, address.pathname === "/s" && address.searchParams.get("n")];
  if (typed) {
    const number = Number(typed);
    return sights.includes(number) ? { kind: "sight", number } : { kind: "other_town", shown };
  }
  const [, itsTown] = /^\/[gxqno]\/([a-z0-9-]+)$/.exec(address.pathname) ?? [];
  if (itsTown === town) return { kind: "page", path: address.pathname };
  return { kind: itsTown ? "other_town" : "unknown", shown };
}
