import { createHmac, webcrypto } from "node:crypto";

import { describe, expect, it } from "vitest";

import { hex, hmacSha1, sha256Hex, utf8 } from "./hash.ts";
import { tc3Authorization, tc3Keys, tc3Steps } from "./tc3.ts";
import { encodeFields, v1Signature, v1StringToSign } from "./v1.ts";

const KEY = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";
const ID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE";

describe("TC3", () => {
  const published = {
    method: "POST",
    path: "/",
    query: "",
    host: "cvm.tencentcloudapi.com",
    contentType: "application/json; charset=utf-8",
    body: '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}',
    timestamp: 1551113065,
    service: "cvm",
  } as const;

  it("gives the published example, step by step", () => {
    const steps = tc3Steps(published);
    expect(steps.hashedPayload).toBe("35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064");
    expect(steps.hashedCanonicalRequest).toBe("5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031");
    const keys = tc3Keys(KEY, "cvm", steps);
    expect(keys).toEqual({
      secretDate: "d1308c81fe71cfd4e06437bbc067b2b8a3d2d8c0e375d547f15c41d5214b395a",
      secretService: "3c7cb7c7795393edc14fd2e0e6434a518564b4504b88e94f5d11bf59ba3e7050",
      secretSigning: "ac658d5dde49e9bfdd14e04e062f66b05d9f637d44b8a8d845327d4a77f666b1",
      signature: "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
    });
    expect(tc3Authorization(ID, steps, keys.signature)).toBe(
      `TC3-HMAC-SHA256 Credential=${ID}/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, Signature=${keys.signature}`,
    );
  });

  it("covers more headers where asked", () => {
    const steps = tc3Steps({ ...published, more: { "x-tc-action": "describeinstances" } });
    expect(tc3Keys(KEY, "cvm", steps).signature).toBe(
      "644be983de9a8a3f00db8eadaba61467c3b429e2215758ba897b738ca469fd26",
    );
  });

  it("gives what the Python SDK sent to this API", () => {
    const steps = tc3Steps({
      method: "POST",
      path: "/",
      query: "",
      host: "127.0.0.1:18080",
      contentType: "application/json",
      body: "{}",
      timestamp: 1795478183,
      service: "scf",
    });
    expect(tc3Keys("labSecretKeyEXAMPLE00000000000000", "scf", steps).signature).toBe(
      "498773cf1ec84fa95646c074c32813e5d5ed258f37246d446c92c049f091b72b",
    );
  });
});

describe("v1", () => {
  const fields = {
    Action: "DescribeInstances",
    Version: "2017-03-12",
    SecretId: ID,
    Nonce: "11886",
    Timestamp: "1465185768",
    Region: "ap-guangzhou",
    "InstanceIds.0": "ins-09dx96dg",
    Limit: "20",
    Offset: "0",
  };

  it("gives the published example", () => {
    const text = v1StringToSign({ method: "GET", host: "cvm.tencentcloudapi.com", path: "/", fields });
    expect(text).toBe(
      `GETcvm.tencentcloudapi.com/?Action=DescribeInstances&InstanceIds.0=ins-09dx96dg&Limit=20&Nonce=11886&Offset=0&Region=ap-guangzhou&SecretId=${ID}&Timestamp=1465185768&Version=2017-03-12`,
    );
    expect(v1Signature(KEY, "HmacSHA1", text)).toBe("EliP9YW3pW28FpsEdkXt/+WcGeI=");
    expect(v1Signature(KEY, "HmacSHA256", text)).toBe("bR/zQ3QqOmcEYeRv71IzG/NxfisUDgy9cqRMQC+UB5g=");
  });

  it("signs SignatureMethod and never Signature", () => {
    const more = { ...fields, SignatureMethod: "HmacSHA256", Signature: "x" };
    const text = v1StringToSign({ method: "GET", host: "cvm.tencentcloudapi.com", path: "/", fields: more });
    expect(v1Signature(KEY, "HmacSHA256", text)).toBe("A8uy2/o7WBZXYCTWEFpMrVGhGBVlEGIOioeqRM+fzFs=");
  });

  it("escapes what a query cannot hold", () => {
    expect(encodeFields({ Keyword: "a b&c='(*)'+中文" })).toBe(
      "Keyword=a%20b%26c%3D%27%28%2A%29%27%2B%E4%B8%AD%E6%96%87",
    );
  });
});

describe("hashes", () => {
  it("equal those of the platform", async () => {
    for (const text of ["", "a", "中文", "x".repeat(1000)]) {
      expect(sha256Hex(text)).toBe(hex(new Uint8Array(await webcrypto.subtle.digest("SHA-256", Buffer.from(text)))));
      expect(hex(hmacSha1(utf8("key"), text))).toBe(createHmac("sha1", "key").update(text).digest("hex"));
    }
  });
});
