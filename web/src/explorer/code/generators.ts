// Every language, in the order of the page.

import { cpp } from "./cpp.ts";
import { curl } from "./curl.ts";
import { dotnet } from "./dotnet.ts";
import { go } from "./go.ts";
import { java } from "./java.ts";
import { node } from "./node.ts";
import { php } from "./php.ts";
import { python } from "./python.ts";
import { ruby } from "./ruby.ts";
import { rust } from "./rust.ts";
import { tccli } from "./tccli.ts";
import type { Generator } from "./call.ts";

export const GENERATORS: readonly Generator[] = [python, node, go, java, php, cpp, dotnet, ruby, rust, curl, tccli];
