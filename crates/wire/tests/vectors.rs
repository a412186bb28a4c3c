//! The published worked examples of both signatures, with every intermediate value.

mod support;

use runlog_wire::sign_v1::{V1Algorithm, V1Input, V1Steps, sign_v1};
use runlog_wire::sign_v3::{V3Input, V3Steps, sign_v3};
use runlog_wire::{Steps, TypeForm, Verified};
use support::{LAB_SECRET_ID, LAB_SECRET_KEY, Owned};

const SAMPLE_ID: &str = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE";
const SAMPLE_KEY: &str = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";

fn v1_sample(secret_id: &str, secret_key: &str, algorithm: V1Algorithm, name_algorithm: bool) -> V1Steps {
    let mut fields = vec![
        ("Nonce", "11886"),
        ("Action", "DescribeInstances"),
        ("InstanceIds.0", "ins-09dx96dg"),
        ("Limit", "20"),
        ("Offset", "0"),
        ("Region", "ap-guangzhou"),
        ("SecretId", secret_id),
        ("Timestamp", "1465185768"),
        ("Version", "2017-03-12"),
    ];
    if name_algorithm {
        fields.push(("SignatureMethod", algorithm.name()));
    }
    let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let host = "cvm.tencentcloudapi.com";
    sign_v1(secret_key, &V1Input { method: "GET", host, path: "/", fields: &fields, algorithm })
}

#[test]
fn v1_published_example() {
    let steps = v1_sample(SAMPLE_ID, SAMPLE_KEY, V1Algorithm::HmacSha1, false);
    assert_eq!(
        steps.string_to_sign,
        "GETcvm.tencentcloudapi.com/?Action=DescribeInstances&InstanceIds.0=ins-09dx96dg&Limit=20&Nonce=11886&Offset=0\
         &Region=ap-guangzhou&SecretId=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE&Timestamp=1465185768&Version=2017-03-12"
    );
    assert_eq!(steps.signature, "EliP9YW3pW28FpsEdkXt/+WcGeI=");
    assert!(steps.sorted_fields.starts_with("Action=DescribeInstances&InstanceIds.0="));
    assert_eq!(
        (steps.method.as_str(), steps.host.as_str(), steps.path.as_str()),
        ("GET", "cvm.tencentcloudapi.com", "/")
    );
}

#[test]
fn v1_other_examples() {
    let sha256 = V1Algorithm::HmacSha256;
    assert_eq!(
        v1_sample(SAMPLE_ID, SAMPLE_KEY, sha256, false).signature,
        "bR/zQ3QqOmcEYeRv71IzG/NxfisUDgy9cqRMQC+UB5g="
    );
    assert_eq!(
        v1_sample(SAMPLE_ID, SAMPLE_KEY, sha256, true).signature,
        "A8uy2/o7WBZXYCTWEFpMrVGhGBVlEGIOioeqRM+fzFs="
    );
    let (id, key) = ("AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******", "Gu5t9xGARNpq86cd98joQYCN3*******");
    assert_eq!(v1_sample(id, key, V1Algorithm::HmacSha1, false).signature, "zmmjn35mikh6pM3V7sUEuX4wyYM=");
}

const PAYLOAD: &str = r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;

fn v3_sample<'a>(more_headers: &'a [(&'a str, &'a str)]) -> V3Input<'a> {
    V3Input {
        method: "POST",
        host: "cvm.tencentcloudapi.com",
        path: "/",
        query: "",
        content_type: "application/json; charset=utf-8",
        more_headers,
        payload: PAYLOAD.as_bytes(),
        timestamp_s: 1_551_113_065,
        service: "cvm",
        unsigned_payload: false,
    }
}

#[test]
fn v3_older_published_example() {
    let steps = sign_v3(SAMPLE_ID, SAMPLE_KEY, &v3_sample(&[]));
    let hashed_payload = "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064";
    let hashed_request = "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031";
    let signature = "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168";
    let expected = V3Steps {
        hashed_payload: hashed_payload.to_owned(),
        canonical_request: format!(
            "POST\n/\n\ncontent-type:application/json; charset=utf-8\nhost:cvm.tencentcloudapi.com\n\n\
             content-type;host\n{hashed_payload}"
        ),
        hashed_canonical_request: hashed_request.to_owned(),
        signed_headers: "content-type;host".to_owned(),
        credential_scope: "2019-02-25/cvm/tc3_request".to_owned(),
        string_to_sign: format!("TC3-HMAC-SHA256\n1551113065\n2019-02-25/cvm/tc3_request\n{hashed_request}"),
        date_key: "d1308c81fe71cfd4e06437bbc067b2b8a3d2d8c0e375d547f15c41d5214b395a".to_owned(),
        service_key: "3c7cb7c7795393edc14fd2e0e6434a518564b4504b88e94f5d11bf59ba3e7050".to_owned(),
        signing_key: "ac658d5dde49e9bfdd14e04e062f66b05d9f637d44b8a8d845327d4a77f666b1".to_owned(),
        signature: signature.to_owned(),
        authorization: format!(
            "TC3-HMAC-SHA256 Credential={SAMPLE_ID}/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, \
             Signature={signature}"
        ),
    };
    assert_eq!(steps, expected);
}

#[test]
fn v3_newer_published_example() {
    let input = v3_sample(&[("x-tc-action", "describeinstances")]);
    let (id, key) = (format!("AKID{}", "*".repeat(32)), "*".repeat(32));
    let steps = sign_v3(&id, &key, &input);
    assert_eq!(steps.signed_headers, "content-type;host;x-tc-action");
    for (found, expected) in [
        (steps.hashed_canonical_request, "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84"),
        (steps.date_key, "da98fb70dcf6b112dc21038d1eeeb3a95c74b4dcb12c1131f864f6066bd02be0"),
        (steps.service_key, "8d70cbefb03939f929db64d32dc2ba89b1095620119fe3e050e2b18c5bd2752f"),
        (steps.signing_key, "b596b923aad85185e2d1f6659d2a062e0a86731226e021e61bfe06f7ed05f5af"),
        (steps.signature, "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"),
    ] {
        assert_eq!(found, expected);
    }
    assert_eq!(
        sign_v3(SAMPLE_ID, SAMPLE_KEY, &input).signature,
        "644be983de9a8a3f00db8eadaba61467c3b429e2215758ba897b738ca469fd26"
    );
}

/// The newer example as a request: it signs the action in lower case and sends it as it is.
#[test]
fn v3_newer_example_verifies() {
    let input = v3_sample(&[("x-tc-action", "describeinstances")]);
    let mut request = Owned {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: Vec::new(),
        body: PAYLOAD.as_bytes().to_vec(),
    };
    for (name, value) in [
        ("Host", "cvm.tencentcloudapi.com"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("X-TC-Action", "DescribeInstances"),
        ("X-TC-Version", "2017-03-12"),
        ("X-TC-Timestamp", "1551113065"),
        ("Authorization", &sign_v3(SAMPLE_ID, SAMPLE_KEY, &input).authorization),
    ] {
        request.set_header(name, value);
    }
    let raw = request.raw();
    let verified = raw.parse().unwrap().verify(&raw, SAMPLE_KEY, 1_551_113_065, 300).unwrap();
    assert!(matches!(verified, Verified::V3 { content_type: TypeForm::Lower, .. }), "{verified:?}");
}

#[test]
fn scf_example_and_its_explanation() {
    let capture = support::captures()
        .into_iter()
        .find(|capture| capture.file == "python" && capture.request.body == b"{}" && capture.request.method == "POST");
    let request = capture.unwrap().request;
    let raw = request.raw();
    let parsed = raw.parse().unwrap();
    let Steps::V3(steps) = parsed.explain(&raw, LAB_SECRET_KEY).unwrap() else { panic!("TC3") };
    assert_eq!(steps.hashed_canonical_request, "562ec09cee291326af7bca7569556f29d5f86c40ca1f43392c5a5c95f55a52c1");
    assert_eq!(steps.signature, "498773cf1ec84fa95646c074c32813e5d5ed258f37246d446c92c049f091b72b");
    assert_eq!(Some(steps.authorization.as_str()), request.header("Authorization"));
    assert!(steps.authorization.contains(LAB_SECRET_ID));
}
