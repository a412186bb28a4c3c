//! What a request can know of its connection.

use std::net::IpAddr;

/// What a request's connection says about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection {
    /// Who connected: the client, or the proxy before the server.
    pub(super) peer: IpAddr,
    /// Whether it is encrypted up to here.
    pub(super) is_tls: bool,
}
