// A view that is loaded when it is first shown. Preact's own `lazy` is part of `compat`, which is left out.

import type { FunctionComponent, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { explain } from "../shared/api.ts";
import { useText } from "../shared/i18n.ts";
import { shared } from "../shared/words.ts";

/** The default export of a module, as a component. */
export function lazyView<Props extends object>(
  load: () => Promise<{ default: FunctionComponent<Props> }>,
): FunctionComponent<Props> {
  let loaded: FunctionComponent<Props> | undefined;
  return function Lazy(props: Props): JSX.Element {
    const t = useText();
    const [View, setView] = useState<FunctionComponent<Props> | undefined>(() => loaded);
    const [error, setError] = useState("");
    useEffect(() => {
      if (View !== undefined) return;
      load().then(
        (module) => {
          loaded = module.default;
          setView(() => module.default);
        },
        (reason: unknown) => setError(explain(reason)),
      );
    }, []);
    if (error !== "") return <p class="note failed">{error}</p>;
    return View === undefined ? <p class="quiet-text">{t(shared.loading)}</p> : <View {...props} />;
  };
}
