//! A request as a curl command that works as it is printed. Secrets are not in it: the shell puts them there.

use std::io::{self, Write};
use std::path::Path;

use crate::cli::common::failure::Failure;
use crate::cli::common::say::say;
use crate::cli::common::server::ServerArgs;

/// Prints the command for a GET of this address. `is_stream`: its answer has no end.
pub(in crate::cli) fn print(server: &ServerArgs, url: &str, is_stream: bool) -> Result<(), Failure> {
    let (credential, variables) = server.credential_for_shell()?;
    writeln!(io::stdout(), "{}", command(url, &credential, server.ca()?.as_deref(), is_stream))?;
    say!("it reads {variables} from the environment");
    Ok(())
}

fn command(url: &str, credential: &str, ca: Option<&Path>, is_stream: bool) -> String {
    // A stream is shown as it comes; everything else compressed, and with an error for an error.
    let how = if is_stream { "-sSN" } else { "-sS --compressed" };
    let mut command = format!("curl {how} --fail-with-body {credential} {}", word(url));
    if let Some(ca) = ca {
        command += &format!(" --cacert {}", word(&ca.display().to_string()));
    }
    command
}

/// A text as one word of a POSIX shell.
fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_for_a_posix_shell() {
        let (url, user) = ("http://h/api/v1/runs?keyword=it's", r#"-u "$ID:$KEY""#);
        assert_eq!(
            command(url, user, Some(Path::new("a b.pem")), false),
            r#"curl -sS --compressed --fail-with-body -u "$ID:$KEY" 'http://h/api/v1/runs?keyword=it'\''s' --cacert 'a b.pem'"#
        );
        assert!(command(url, user, None, true).starts_with("curl -sSN "));
    }
}
