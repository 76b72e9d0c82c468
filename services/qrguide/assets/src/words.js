// The page's words for what only a script says: the element #words has them as attributes, in the visitor's language.

export function word(key, values = {}) {
  const text = document.getElementById("words")?.getAttribute(`data-${key.replace(/[._]/g, "-")}`) ?? "";
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

export function megabytes(bytes) {
  return new Intl.NumberFormat(document.documentElement.lang || "en", {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  }).format(bytes / 1e6);
}
