//! A request as received, before it is parsed.

use crate::headers::Headers;

/// A request as received.
#[derive(Clone, Debug)]
pub struct RawRequest<'a> {
    /// The method, upper-case.
    pub method: &'a str,
    /// The path before `?`.
    pub path: &'a str,
    /// The text after `?`, exactly as sent; empty if there is none.
    pub query: &'a str,
    /// The headers. A server of HTTP/2 puts `:authority` in as `Host`.
    pub headers: Headers<'a>,
    /// The body, exactly as sent.
    pub body: &'a [u8],
}

/// Which spelling of `Host` a client signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostForm {
    /// The header as sent, port and all: nearly every client (observed).
    Raw,
    /// Without `http://`, for clients that put a URL into the header.
    WithoutScheme,
    /// Without port: the Node.js SDK under TC3 (observed).
    WithoutPort,
}

/// The spellings of a host that may have been signed, each once, the likeliest first.
pub(crate) fn host_forms(host: &[u8]) -> Vec<(HostForm, &[u8])> {
    let after = |scheme: &[u8]| host.strip_prefix(scheme);
    let bare = after(b"http://").or_else(|| after(b"https://")).unwrap_or(host);
    let port_at = bare.iter().rposition(|byte| !byte.is_ascii_digit());
    let without_port = port_at.filter(|at| bare.get(*at) == Some(&b':')).and_then(|at| bare.get(..at)).unwrap_or(bare);
    let mut forms = vec![(HostForm::Raw, host)];
    for form in [(HostForm::WithoutScheme, bare), (HostForm::WithoutPort, without_port)] {
        if forms.iter().all(|(_, known)| *known != form.1) {
            forms.push(form);
        }
    }
    forms
}
