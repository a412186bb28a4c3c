// Node.js: tencentcloud-sdk-nodejs-scf.

import { SECRET_ID, SECRET_KEY, type Call, type Generator } from "./call.ts";
import { literal, type Style } from "./literal.ts";
import { json } from "./quote.ts";

const STYLE: Style = {
  open: "{",
  close: "}",
  listOpen: "[",
  listClose: "]",
  text: json,
  key: (name) => `${name}: `,
  words: { null: "null", true: "true", false: "false" },
  step: "  ",
};

export const node: Generator = {
  id: "node",
  name: "Node.js",
  file: "call.cjs",
  keywords: "const require new await async function process null true false",
  comment: "//",
  run: "npm install tencentcloud-sdk-nodejs-scf\nnode call.cjs",
  generate: ({
    action,
    region,
    scheme,
    host,
    params,
    language,
  }: Call) => `const { scf } = require("tencentcloud-sdk-nodejs-scf");

const client = new scf.v20180416.Client({
  credential: {
    secretId: process.env.${SECRET_ID},
    secretKey: process.env.${SECRET_KEY},
  },
  region: ${json(region)},
  profile: {
    language: ${json(language)},
    httpProfile: { protocol: ${json(`${scheme}://`)}, endpoint: ${json(host)} },
  },
});

const params = ${literal(params, STYLE)};

client.${action.name}(params).then(
  (response) => console.log(JSON.stringify(response, null, 2)),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
`,
};
