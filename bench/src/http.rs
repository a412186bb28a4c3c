//! A minimal HTTP/1.1 client for a load generator, so that its own work does not dominate the measurement.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use runlog_wire::sign_v3::{V3Input, sign_v3};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::{SECRET_ID, SECRET_KEY};

/// A connection that is kept open.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// A body that came in chunks.
    body: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new(), body: Vec::new() })
    }

    /// Sends a part of a request.
    pub(crate) async fn write(&mut self, part: &[u8]) -> anyhow::Result<()> {
        Ok(self.stream.write_all(part).await?)
    }

    /// Sends a request unchanged and returns the body of the answer, which must be a 200.
    pub(crate) async fn send(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head_len = loop {
            self.fill().await?;
            if let Some(at) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let head = std::str::from_utf8(&self.buffer[..head_len])?;
        if !head.starts_with("HTTP/1.1 200") {
            bail!("{}", head.lines().next().unwrap_or_default());
        }
        let header = |wanted: &str| {
            head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
            })
        };
        if header("transfer-encoding").is_some() {
            return self.chunks(head_len).await;
        }
        let end = head_len + header("content-length").context("no content length")?.parse::<usize>()?;
        while self.buffer.len() < end {
            self.fill().await?;
        }
        Ok(&self.buffer[head_len..end])
    }

    /// A body in chunks, the first of which begins at `at`.
    async fn chunks(&mut self, mut at: usize) -> anyhow::Result<&[u8]> {
        self.body.clear();
        loop {
            let Some(length) = self.buffer[at..].windows(2).position(|window| window == b"\r\n") else {
                self.fill().await?;
                continue;
            };
            let begin = at + length + 2;
            let size = usize::from_str_radix(std::str::from_utf8(&self.buffer[at..at + length])?, 16)?;
            let end = begin + size + 2;
            while self.buffer.len() < end {
                self.fill().await?;
            }
            if size == 0 {
                return Ok(&self.body);
            }
            self.body.extend_from_slice(&self.buffer[begin..begin + size]);
            at = end;
        }
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// A `GetFunctionLogs` request as bytes, signed now.
pub(crate) fn signed_query(host: &str, parameters: &Value) -> anyhow::Result<Vec<u8>> {
    let body = parameters.to_string();
    let timestamp_s = i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs())?;
    let input = V3Input::post_json(host, body.as_bytes(), timestamp_s);
    let authorization = sign_v3(SECRET_ID, SECRET_KEY, &input).authorization;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nX-TC-Action: GetFunctionLogs\r\n\
         X-TC-Version: 2018-04-16\r\nX-TC-Region: ap-guangzhou\r\nX-TC-Timestamp: {timestamp_s}\r\n\
         Authorization: {authorization}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    Ok([head.as_bytes(), body.as_bytes()].concat())
}
