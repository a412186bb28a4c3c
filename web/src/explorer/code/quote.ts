// Texts as literals of each language. Whatever a person typed must come out as that text and nothing else.

/** A JSON text; also a literal of Python, JavaScript, Go, Java and C#. Lone halves of a character are replaced. */
export function json(text: string): string {
  return JSON.stringify(text.toWellFormed())
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029")
    .replaceAll("\u007f", "\\u007f");
}

/** A POSIX shell word: single quotes, in which nothing has a meaning. */
export function shell(text: string): string {
  return `'${text.toWellFormed().replaceAll("\0", "").replaceAll("'", `'\\''`)}'`;
}

/** A PHP text: in single quotes, or in double ones where a line end or another control character has to be escaped. */
export function php(text: string): string {
  return quotedTwoWays(text, /["\\$]/g);
}

/** A Ruby text, in the same two ways. */
export function ruby(text: string): string {
  return quotedTwoWays(text, /["\\#]/g);
}

const CONTROL = /[\u0000-\u001f\u007f]/g;

function quotedTwoWays(text: string, active: RegExp): string {
  const whole = text.toWellFormed();
  if (whole.search(CONTROL) < 0) return `'${whole.replace(/[\\']/g, "\\$&")}'`;
  const escaped = whole.replace(active, "\\$&").replace(CONTROL, (letter) => {
    return letter === "\n" ? "\\n" : `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}

/** A C++ text. Control characters are octal, of three digits, so that no digit after them belongs to them; `?` cannot start a trigraph. */
export function cpp(text: string): string {
  const escaped = text.toWellFormed().replace(/["\\?\u0000-\u001f\u007f]/g, (letter) => {
    if (letter === '"' || letter === "\\" || letter === "?") return `\\${letter}`;
    if (letter === "\n") return "\\n";
    return `\\${letter.charCodeAt(0).toString(8).padStart(3, "0")}`;
  });
  return `"${escaped}"`;
}

/** A Rust text. */
export function rust(text: string): string {
  const escaped = text.toWellFormed().replace(/["\\\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, (letter) => {
    if (letter === '"' || letter === "\\") return `\\${letter}`;
    if (letter === "\n") return "\\n";
    return `\\u{${letter.charCodeAt(0).toString(16)}}`;
  });
  return `"${escaped}"`;
}
