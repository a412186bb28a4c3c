//! What holds for every input: signatures of this crate verify in every form, and no bytes lead to a panic.

mod support;

use proptest::prelude::*;
use runlog_core::Zone;
use runlog_wire::actions::Context;
use runlog_wire::sign_v1::V1Algorithm;
use runlog_wire::text::encode_form;
use runlog_wire::{Action, ApiRequest, Call, Headers, ParamTree, RawRequest, Steps};
use support::{LAB_SECRET_KEY, NOW_S, json, tc3, v1, verify};

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    let names = "[A-Za-z][A-Za-z0-9._]{0,8}";
    prop::collection::btree_map(names, any::<String>(), 0..8).prop_map(|fields| {
        let common =
            ["Action", "Version", "Region", "Timestamp", "Nonce", "SecretId", "Signature", "Token", "Language"];
        fields.into_iter().filter(|(name, _)| !common.contains(&name.as_str())).collect()
    })
}

fn read_with_every_action(params: &ParamTree) {
    let ctx = Context { zone: Zone::UTC8, now_ms: 0, account: "a", region: "r", billing_step_ms: 1 };
    for action in Action::ALL {
        if let Ok(call) = Call::parse(*action, params, &ctx) {
            assert_eq!(call.action(), *action);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn signed_forms_verify(fields in fields(), post in any::<bool>(), sha256 in any::<bool>()) {
        let method = if post { "POST" } else { "GET" };
        let algorithm = if sha256 { V1Algorithm::HmacSha256 } else { V1Algorithm::HmacSha1 };
        let borrowed: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = v1(method, algorithm, &borrowed);
        // Names such as `a..b` or `a` beside `a.b` are refused before the signature is looked at.
        match verify(&request) {
            Ok(_) => {}
            Err(error) => prop_assert_eq!(error.code(), "InvalidParameter"),
        }
        let request = tc3("application/x-www-form-urlencoded", &encode_form(borrowed), None);
        match verify(&request) {
            Ok(_) => {}
            Err(error) => prop_assert_eq!(error.code(), "InvalidParameter"),
        }
    }

    #[test]
    fn signed_bodies_verify(name in any::<String>(), value in any::<String>()) {
        let mut members = serde_json::Map::new();
        members.insert(name, value.clone().into());
        let request = json(&serde_json::Value::Object(members).to_string());
        prop_assert!(verify(&request).is_ok());
        let raw = request.raw();
        let Ok(Steps::V3(steps)) = raw.parse().unwrap().explain(&raw, LAB_SECRET_KEY) else { panic!("TC3") };
        prop_assert_eq!(Some(steps.authorization.as_str()), request.header("Authorization"));

        let part = format!("--b\r\nContent-Disposition: form-data; name=\"Keyword\"\r\n\r\n{value}\r\n--b--\r\n");
        let request = tc3("multipart/form-data; boundary=b", "", Some(part.as_bytes()));
        match verify(&request) {
            Ok(_) => {}
            Err(error) => prop_assert_eq!(error.code(), "InvalidRequest", "the value holds the boundary"),
        }
    }

    #[test]
    fn explained_v1_signatures_are_the_sent_ones(value in "[a-z =&%+]{0,12}") {
        let request = v1("POST", V1Algorithm::HmacSha256, &[("Qualifier", &value)]);
        let raw = request.raw();
        let parsed = raw.parse().unwrap();
        let Ok(Steps::V1(steps)) = parsed.explain(&raw, LAB_SECRET_KEY) else { panic!("v1") };
        let runlog_wire::Auth::V1(auth) = &parsed.auth else { panic!("v1") };
        prop_assert_eq!(auth.signature(), steps.signature);
        prop_assert_eq!(steps.algorithm, "HmacSHA256");
        let expected = format!("Qualifier={value}");
        prop_assert!(steps.sorted_fields.contains(&expected));
    }

    #[test]
    fn any_bytes_are_a_request_or_an_error(
        post in any::<bool>(),
        query in "\\PC{0,40}",
        body in any::<Vec<u8>>(),
        authorization in any::<Vec<u8>>(),
        kind in prop::sample::select(vec![
            "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "",
        ]),
        host in any::<Vec<u8>>(),
        signed in any::<bool>(),
    ) {
        let timestamp = NOW_S.to_string();
        let good = format!("TC3-HMAC-SHA256 Credential=id/2026-11-24/scf/tc3_request, \
                            SignedHeaders=content-type;host, Signature={}", "0".repeat(64));
        let authorization = if signed { good.as_bytes() } else { &authorization };
        let headers: Headers<'_> = [
            ("Host", host.as_slice()),
            ("Content-Type", kind.as_bytes()),
            ("Authorization", authorization),
            ("X-TC-Action", b"GetFunctionLogs"),
            ("X-TC-Version", b"2018-04-16"),
            ("X-TC-Timestamp", timestamp.as_bytes()),
            ("X-TC-Language", &host),
        ].into_iter().collect();
        let raw = RawRequest {
            method: if post { "POST" } else { "GET" },
            path: "/",
            query: if post { "" } else { &query },
            headers,
            body: if post { &body } else { b"" },
        };
        let _ = ApiRequest::language_hint(&raw);
        if let Ok(request) = raw.parse() {
            prop_assert!(request.verify(&raw, "key", NOW_S, 300).is_err());
            let _ = request.explain(&raw, "key");
            read_with_every_action(&request.params);
        }
    }

    #[test]
    fn any_fields_are_a_call_or_an_error(fields in prop::collection::vec((
        prop::sample::select(vec![
            "FunctionName", "Offset", "Limit", "Order", "OrderBy", "Filter", "Filter.RetCode", "Filters.0.Name",
            "Filters.0.Values.0", "SearchKey", "SearchKey.0.Key", "SearchKey.0.Value", "StartTime", "EndTime",
            "SearchContext.Offset", "SearchContext.Limit", "Namespace", "Qualifier", "FunctionRequestId",
        ]),
        prop_oneof![
            Just("2018-06-11 18:46:45".to_owned()), Just("9999-12-31 23:59:59.999999".to_owned()),
            Just("-9223372036854775809".to_owned()), any::<i64>().prop_map(|number| number.to_string()),
            Just("9".repeat(400)), any::<String>(),
        ],
    ), 0..8)) {
        let text = encode_form(fields.iter().map(|(name, value)| (*name, value.as_str())));
        let request = tc3("application/x-www-form-urlencoded", &text, None);
        if let Ok(request) = request.raw().parse() {
            read_with_every_action(&request.params);
        }
    }
}
