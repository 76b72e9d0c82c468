// The page's words for what only a script says: the element #words has them as attributes, in the visitor's language.

export function word(key, values = {}) {
  const text = document.getElementById("words")?.getAttribute(`data-${key.replace(/[._]/g, "-")}`) ?? "";
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

// Puts a word into an element, `{word|reading}` as ruby.
export function write(element, text) {
  const parts = text.split(/\{([^{}|]+)\|([^{}|]+)\}/);
  const nodes = [document.createTextNode(parts[0])];
  for (let index = 1; index < parts.length; index += 3) {
    const ruby = document.createElement("ruby");
    const reading = document.createElement("rt");
    reading.textContent = parts[index + 1];
    ruby.append(parts[index], reading);
    nodes.push(ruby, document.createTextNode(parts[index + 2]));
  }
  element.replaceChildren(...nodes);
}

export function megabytes(bytes) {
  return new Intl.NumberFormat(document.documentElement.lang || "en", {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  }).format(bytes / 1e6);
}
