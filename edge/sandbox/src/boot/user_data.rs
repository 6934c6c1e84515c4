//! User data: what an instance is told to do at its first boot. Scripts and the `runcmd` of a cloud-config are done;
//! other kinds are named on the console and left undone.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

/// What can be done with user data.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Run this text as a program.
    Script(Vec<u8>),
    /// Nothing, for this reason.
    Unsupported(String),
}

/// Where cloud-init puts them too.
const DATA: &str = "/var/lib/cloud/instance/user-data.txt";
const SCRIPT: &str = "/var/lib/cloud/instance/scripts/part-001";
const DONE: &str = "/var/lib/cloud/instance/user-data-started";

/// Decides by the first bytes, as cloud-init does.
pub(super) fn plan(data: &[u8]) -> Plan {
    if data.starts_with(b"#!") {
        return Plan::Script(data.to_vec());
    }
    let text = String::from_utf8_lossy(data);
    let first = text.lines().next().unwrap_or("").trim();
    match first {
        "#cloud-config" => match commands(&text) {
            Ok(lines) => Plan::Script(format!("#!/bin/sh\n{}\n", lines.join("\n")).into_bytes()),
            Err(reason) => Plan::Unsupported(reason),
        },
        _ if data.starts_with(&[0x1f, 0x8b]) => Plan::Unsupported("compressed user data is not supported".to_owned()),
        _ if first.to_ascii_lowercase().starts_with("content-type:") || first.starts_with("MIME-Version") => {
            Plan::Unsupported("multi-part user data is not supported".to_owned())
        }
        _ => Plan::Unsupported(format!(
            "user data that begins with `{}` is not run",
            first.chars().take(40).collect::<String>()
        )),
    }
}

/// Writes the script, once in an instance's life. Returns the program to run.
pub(super) fn install(data: &[u8], script: &[u8]) -> io::Result<Option<&'static str>> {
    if fs::exists(DONE)? {
        return Ok(None);
    }
    fs::write(DATA, data)?;
    fs::write(SCRIPT, script)?;
    fs::set_permissions(SCRIPT, fs::Permissions::from_mode(0o700))?;
    fs::write(DONE, "")?;
    Ok(Some(SCRIPT))
}

/// The shell lines of `runcmd`: a list whose items are a line or a bracketed list of words.
fn commands(text: &str) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    let mut within = false;
    for line in text.lines().skip(1) {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let top = !line.starts_with([' ', '\t', '-']);
        if top {
            let (key, rest) =
                bare.split_once(':').ok_or_else(|| format!("cloud-config line `{bare}` is not understood"))?;
            if key != "runcmd" || !rest.trim().is_empty() {
                return Err(format!("cloud-config `{key}` is not supported; only `runcmd` as a list is"));
            }
            within = true;
            continue;
        }
        match bare.strip_prefix("- ") {
            Some(item) if within => lines.push(command(item.trim())?),
            _ => return Err(format!("cloud-config line `{bare}` is not understood")),
        }
    }
    Ok(lines)
}

fn command(item: &str) -> Result<String, String> {
    if let Some(list) = item.strip_prefix('[') {
        let inside = list.strip_suffix(']').ok_or_else(|| format!("cloud-config item `{item}` is not understood"))?;
        let words = inside.split(',').map(|w| format!("'{}'", unquote(w.trim()).replace('\'', "'\\''")));
        return Ok(words.collect::<Vec<_>>().join(" "));
    }
    if item.starts_with(['|', '>']) {
        return Err("cloud-config block text is not supported".to_owned());
    }
    Ok(unquote(item).to_owned())
}

fn unquote(word: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inside) = word.strip_prefix(quote).and_then(|w| w.strip_suffix(quote)) {
            return inside;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_run_as_it_is() {
        assert_eq!(plan(b"#!/bin/bash\necho hi\n"), Plan::Script(b"#!/bin/bash\necho hi\n".to_vec()));
    }

    #[test]
    fn runcmd_becomes_a_script() {
        let text = b"#cloud-config\n# comment\nruncmd:\n  - echo one\n  - [ echo, \"two words\" ]\n - 'touch /x'\n";
        let Plan::Script(script) = plan(text) else { panic!("not a script") };
        assert_eq!(String::from_utf8_lossy(&script), "#!/bin/sh\necho one\n'echo' 'two words'\ntouch /x\n");
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for (data, word) in [
            (&b"#cloud-config\npackages:\n - nginx\n"[..], "packages"),
            (b"Content-Type: multipart/mixed; boundary=x", "multi-part"),
            (b"\x1f\x8b\x08", "compressed"),
            (b"hello", "hello"),
        ] {
            let Plan::Unsupported(reason) = plan(data) else { panic!("{data:?}") };
            assert!(reason.contains(word), "{reason}");
        }
    }
}
