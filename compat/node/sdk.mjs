// The Node SDK, pointed at the server under test. One place knows how a client is made; the tests only ask.

import tencentcloud from "tencentcloud-sdk-nodejs-scf";

import { DAY, env, REGION } from "./fixture.mjs";

const { Client } = tencentcloud.scf.v20180416;

export const client = ({ secretId = env("SECRET_ID"), secretKey = env("SECRET_KEY"), sign = "TC3-HMAC-SHA256",
  method = "POST", scheme = "http", endpoint, language, region = REGION } = {}) => new Client({
  credential: { secretId, secretKey },
  region,
  profile: {
    signMethod: sign,
    language,
    httpProfile: {
      reqMethod: method,
      reqTimeout: 20,
      protocol: `${scheme}://`,
      endpoint: endpoint ?? env(scheme === "https" ? "HTTPS" : "HTTP"),
    },
  },
});

/** GetFunctionLogs about the day of the fixture. */
export const logs = (sdk, parameters = {}) => sdk.GetFunctionLogs({ ...DAY, ...parameters });
