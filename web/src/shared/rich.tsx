// A text of a table, in which back-quotes mark code. Nothing else has a meaning.

import type { ComponentChild, JSX } from "preact";

export function Rich({ text }: { readonly text: string }): JSX.Element {
  const parts = text.split("`");
  // An odd one out is only a back-quote.
  if (parts.length % 2 === 0) return <>{text}</>;
  return <>{parts.map((part, index): ComponentChild => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>;
}
