// The start of the page `/docs`.

import { setTitle, start } from "../shared/page.tsx";
import { render } from "../shared/i18n.ts";
import { TopBar } from "../shared/top-bar.tsx";
import { shared } from "../shared/words.ts";

setTitle(render(shared.docs));
start(<TopBar page="docs" />);
