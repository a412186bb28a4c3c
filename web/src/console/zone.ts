// The zone in which the console writes times. It is in the URL once a person has chosen one, so that a shared link shows
// the same clock.

import { installation } from "../shared/installation.ts";
import { place, correct, withQuery } from "../shared/location.ts";
import { useStore } from "../shared/store.ts";
import { resolveZone, setZone, zone } from "../shared/time.ts";

export const ZONES = ["browser", "server", "UTC"] as const;

const PARAMETER = "tz";

/** The zone of a URL: the three names, or one of the zone database. */
function zoneOf(query: URLSearchParams): string | undefined {
  const given = query.get(PARAMETER);
  if (given === null) return undefined;
  if ((ZONES as readonly string[]).includes(given) || /^[+-]\d\d:\d\d$/.test(given)) return given;
  try {
    new Intl.DateTimeFormat("en", { timeZone: given });
    return given;
  } catch {
    return undefined;
  }
}

/** What was chosen, here or in the URL. */
export function useZoneChoice(): string {
  const own = useStore(zone);
  return zoneOf(useStore(place).query) ?? own;
}

/** The zone that times are written in: `+08:00` or a name of the zone database. */
export function useZone(): string {
  return resolveZone(useZoneChoice(), installation().zone);
}

export function chooseZone(choice: string): void {
  setZone(choice);
  correct(withQuery({ [PARAMETER]: choice }));
}
