//! Addresses of requests.

/// Host, path and query of an address.
pub(super) fn split_url(url: &str) -> (String, String, String) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (authority, target) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let own_port = if scheme == "https" { ":443" } else { ":80" };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.strip_suffix(own_port).unwrap_or(host);
    let query = query.split('#').next().unwrap_or_default();
    (host.to_owned(), if path.is_empty() { "/" } else { path }.to_owned(), query.to_owned())
}
