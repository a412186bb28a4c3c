//! A proxy before a server that can be told to misbehave: to leave out, double or move one row, by one way of reading.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::Value;

/// What is done to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trick {
    Drop,
    Double,
    /// Moves it after the next one.
    Swap,
}

/// Which answers are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    Tail,
    Export,
    /// One run by its id, natively.
    OneRun,
    Signed,
}

/// A proxy on a port of its own. Its server can change.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    target: Arc<Mutex<SocketAddr>>,
}

impl Proxy {
    /// A proxy that does one trick, in answers of one kind, to rows whose request id ends with `victim`.
    pub(crate) fn start(target: SocketAddr, trick: Option<(Trick, Where)>, victim: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let target = Arc::new(Mutex::new(target));
        let shared = Arc::clone(&target);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let target = *shared.lock().unwrap_or_else(PoisonError::into_inner);
                // A server that is away, or a client that went, ends the connection, as it would without a proxy.
                thread::spawn(move || exchange(&client, target, trick, victim));
            }
        });
        Self { address, target }
    }

    /// Sends what comes from now on elsewhere.
    pub(crate) fn send_to(&self, target: SocketAddr) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }
}

/// One request and its answer.
fn exchange(
    mut client: &TcpStream,
    target: SocketAddr,
    trick: Option<(Trick, Where)>,
    victim: &'static str,
) -> io::Result<()> {
    let mut from_client = BufReader::new(client.try_clone()?);
    let (request, headers) = read_head(&mut from_client)?;
    let length = header(&headers, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    from_client.read_exact(&mut body)?;
    let mut server = TcpStream::connect(target)?;
    write!(server, "{request}\r\nConnection: close\r\n")?;
    for (name, value) in headers.iter().filter(|(name, _)| name != "accept-encoding" && name != "connection") {
        write!(server, "{name}: {value}\r\n")?;
    }
    server.write_all(b"\r\n")?;
    server.write_all(&body)?;
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let kind = match path.as_str() {
        "/" => Some(Where::Signed),
        path if path.starts_with("/api/v1/tail") => Some(Where::Tail),
        path if path.starts_with("/api/v1/export") => Some(Where::Export),
        path if path.starts_with("/api/v1/runs/") => Some(Where::OneRun),
        _ => None,
    };
    let trick = trick.filter(|(_, place)| Some(*place) == kind).map(|(trick, _)| trick);
    let mut from_server = BufReader::new(server);
    let (status, headers) = read_head(&mut from_server)?;
    let is_chunked = header(&headers, "transfer-encoding").is_some();
    let mut answer = Body { from: from_server, is_chunked, left: 0, is_over: false };
    if kind == Some(Where::Tail) {
        write_head(client, &status, &headers, None)?;
        return pass_events(answer, client, trick, victim);
    }
    let mut whole = Vec::new();
    answer.read_to_end(&mut whole)?;
    let mut total = None;
    if let Some(trick) = trick.filter(|_| status.contains(" 200 ")) {
        if kind == Some(Where::Export) {
            let lines: Vec<Value> =
                whole.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
            let lines = play(lines, trick, |row| is_victim(row, victim));
            total = Some(lines.len());
            whole = lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
        } else {
            let mut json: Value = serde_json::from_slice(&whole).map_err(io::Error::other)?;
            let rows = json.pointer_mut(if kind == Some(Where::Signed) { "/Response/Data" } else { "/runs" });
            if let Some(Value::Array(rows)) = rows {
                *rows = play(std::mem::take(rows), trick, |row| is_victim(row, victim));
            }
            whole = json.to_string().into_bytes();
        }
    }
    write_head(client, &status, &headers, total)?;
    client.write_all(&whole)
}

fn is_victim(row: &Value, victim: &str) -> bool {
    row["RequestId"].as_str().is_some_and(|id| id.ends_with(victim))
}

fn play<T: Clone>(rows: Vec<T>, trick: Trick, is_victim: impl Fn(&T) -> bool) -> Vec<T> {
    let mut played = Vec::new();
    let mut held = None;
    for row in rows {
        match trick {
            _ if !is_victim(&row) => played.push(row),
            Trick::Drop => {}
            Trick::Double => played.extend([row.clone(), row]),
            Trick::Swap => {
                held = Some(row);
                continue;
            }
        }
        played.extend(held.take());
    }
    played.extend(held);
    played
}

/// Passes events on as they come; the first time that the victim comes, it is played the trick.
fn pass_events(body: Body, mut client: &TcpStream, trick: Option<Trick>, victim: &str) -> io::Result<()> {
    let (mut lines, mut event, mut held) = (BufReader::new(body), Vec::new(), Vec::new());
    loop {
        let before = event.len();
        if lines.read_until(b'\n', &mut event)? == 0 {
            return Ok(());
        }
        if event.len() - before > 1 {
            continue;
        }
        let is_victim = String::from_utf8_lossy(&event).contains(&format!("{victim}\""));
        match trick.filter(|_| is_victim) {
            None => {
                client.write_all(&event)?;
                client.write_all(&std::mem::take(&mut held))?;
            }
            Some(Trick::Drop) => {}
            Some(Trick::Double) => client.write_all(&event.repeat(2))?,
            Some(Trick::Swap) => held.clone_from(&event),
        }
        event.clear();
    }
}

type Headers = Vec<(String, String)>;

fn read_head(from: &mut impl BufRead) -> io::Result<(String, Headers)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let headers = lines.iter().skip(1).filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    Ok((lines.into_iter().next().unwrap_or_default(), headers))
}

fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

/// The body that follows ends with the connection.
fn write_head(mut client: &TcpStream, status: &str, headers: &Headers, total: Option<usize>) -> io::Result<()> {
    write!(client, "{status}\r\nConnection: close\r\n")?;
    for (name, value) in headers {
        match name.as_str() {
            "transfer-encoding" | "content-length" | "connection" => {}
            "x-runlog-total" if total.is_some() => write!(client, "{name}: {}\r\n", total.unwrap_or_default())?,
            _ => write!(client, "{name}: {value}\r\n")?,
        }
    }
    client.write_all(b"\r\n")
}

/// A body without its chunks' marks.
struct Body {
    from: BufReader<TcpStream>,
    is_chunked: bool,
    left: usize,
    is_over: bool,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_chunked {
            return self.from.read(buffer);
        }
        if self.left == 0 && !self.is_over {
            let mut line = String::new();
            while line.trim().is_empty() {
                if self.from.read_line(&mut line)? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            self.left = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            self.is_over = self.left == 0;
        }
        let most = self.left.min(buffer.len());
        let read = self.from.read(&mut buffer[..most])?;
        self.left -= read;
        Ok(read)
    }
}
