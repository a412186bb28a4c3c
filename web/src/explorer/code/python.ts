// Python: tencentcloud-sdk-python-scf.

import { SECRET_ID, SECRET_KEY, type Call, type Generator } from "./call.ts";
import { literal, type Style } from "./literal.ts";
import { json } from "./quote.ts";

const STYLE: Style = {
  open: "{",
  close: "}",
  listOpen: "[",
  listClose: "]",
  text: json,
  key: (name) => `${json(name)}: `,
  words: { null: "None", true: "True", false: "False" },
  step: "    ",
};

export const python: Generator = {
  id: "python",
  name: "Python",
  file: "call.py",
  keywords: "import from as try except print def return None True False",
  comment: "#",
  run: "pip install tencentcloud-sdk-python-scf\npython call.py",
  generate: ({ action, region, scheme, host, params, language }: Call) => `import json
import os

from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416 import models, scf_client

cred = credential.Credential(os.environ["${SECRET_ID}"], os.environ["${SECRET_KEY}"])
http = HttpProfile(protocol=${json(scheme)}, endpoint=${json(host)})
profile = ClientProfile(httpProfile=http, language=${json(language)})
client = scf_client.ScfClient(cred, ${json(region)}, profile)

request = models.${action.name}Request()
request.from_json_string(json.dumps(${literal(params, STYLE)}))

response = client.${action.name}(request)
print(response.to_json_string(indent=2))
`,
};
