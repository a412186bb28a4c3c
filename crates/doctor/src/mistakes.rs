//! Mistakes that both signatures share: hosts and secrets that a sender may have used instead.

use runlog_wire::Text;

/// Hosts that may have been signed instead of the one that was sent.
pub(crate) fn other_hosts(host: &str, region: Option<&str>, known: Option<&str>) -> Vec<String> {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let mut hosts = vec![name.to_owned(), format!("{name}:80"), format!("{name}:443"), host.to_ascii_lowercase()];
    hosts.extend(known.map(str::to_owned));
    hosts.extend(known.and_then(|known| Some(known.rsplit_once(':')?.0.to_owned())));
    hosts.extend(
        ["scf.tencentcloudapi.com", "scf.intl.tencentcloudapi.com", "localhost", "127.0.0.1"].map(str::to_owned),
    );
    if let Some((_, port)) = host.rsplit_once(':') {
        hosts.extend([format!("localhost:{port}"), format!("127.0.0.1:{port}")]);
    }
    hosts.extend(region.map(|region| format!("scf.{region}.tencentcloudapi.com")));
    hosts.extend([format!("http://{host}"), format!("https://{host}")]);
    hosts.retain(|other| other != host);
    hosts
}

/// Secrets that may have been used instead of the right one, in words.
pub(crate) fn secrets(secret_key: &str, secret_id: &str) -> Vec<(Text, String)> {
    let trimmed = secret_key.trim();
    let mut secrets = vec![
        (Text::new("密钥后面有换行", "a line end after the secret"), format!("{trimmed}\n")),
        (Text::new("密钥后面有空格", "a space after the secret"), format!("{trimmed} ")),
        (Text::new("密钥带引号", "quotes around the secret"), format!("\"{trimmed}\"")),
        (
            Text::new(
                "给出的密钥前后有空白，签名时没有",
                "white space around the given secret that was not signed with",
            ),
            trimmed.to_owned(),
        ),
        (Text::new("把 SecretId 当作密钥", "the SecretId instead of the secret"), secret_id.to_owned()),
        (Text::new("密钥为空", "an empty secret"), String::new()),
    ];
    secrets.retain(|(_, secret)| secret != secret_key);
    secrets
}
