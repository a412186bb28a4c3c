// What the server says about itself: it fills the page's `<meta name="runlog">` with JSON before it sends the page.

export interface Installation {
  /** The installation's name, for the title and the top bar. */
  readonly name: string;
  /** Its colour, `#rrggbb`. */
  readonly accent: string | undefined;
  /** The server's version. */
  readonly version: string | undefined;
  /** The zone of times without one, `+08:00`. */
  readonly zone: string;
}

const ZONE = "+08:00";

/** Reads it. A page that no server filled, as in development, is called runlog. */
export function installation(): Installation {
  let given: Record<string, unknown> = {};
  try {
    const content = document.querySelector<HTMLMetaElement>('meta[name="runlog"]')?.content;
    const parsed: unknown = JSON.parse(content ?? "{}");
    if (typeof parsed === "object" && parsed !== null) given = parsed as Record<string, unknown>;
  } catch {
    given = {};
  }
  const text = (name: string): string | undefined => {
    const value = given[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const accent = text("accent");
  return {
    name: text("name") ?? "runlog",
    accent: accent !== undefined && /^#[0-9a-f]{6}$/i.test(accent) ? accent : undefined,
    version: text("version"),
    zone: text("zone") ?? ZONE,
  };
}
