// PHP: tencentcloud/scf.

import { SECRET_ID, SECRET_KEY, type Call, type Generator } from "./call.ts";
import { literal, type Style } from "./literal.ts";
import { php as quote } from "./quote.ts";

const STYLE: Style = {
  open: "[",
  close: "]",
  listOpen: "[",
  listClose: "]",
  text: quote,
  key: (name) => `${quote(name)} => `,
  words: { null: "null", true: "true", false: "false" },
  step: "    ",
};

export const php: Generator = {
  id: "php",
  name: "PHP",
  file: "call.php",
  keywords: "use new echo require_once null true false",
  comment: "//",
  run: "composer require tencentcloud/scf\nphp call.php",
  generate: ({ action, region, scheme, host, params, language }: Call) => `<?php
require_once __DIR__ . '/vendor/autoload.php';

use TencentCloud\\Common\\Credential;
use TencentCloud\\Common\\Profile\\ClientProfile;
use TencentCloud\\Common\\Profile\\HttpProfile;
use TencentCloud\\Scf\\V20180416\\Models\\${action.name}Request;
use TencentCloud\\Scf\\V20180416\\ScfClient;

$credential = new Credential(getenv('${SECRET_ID}'), getenv('${SECRET_KEY}'));
$http = new HttpProfile();
$http->setProtocol(${quote(`${scheme}://`)});
$http->setEndpoint(${quote(host)});
$profile = new ClientProfile();
$profile->setHttpProfile($http);
$profile->setLanguage(${quote(language)});
$client = new ScfClient($credential, ${quote(region)}, $profile);

$request = new ${action.name}Request();
$request->fromJsonString(json_encode(${literal(params, STYLE)}));

$response = $client->${action.name}($request);
echo $response->toJsonString(), PHP_EOL;
`,
};
