//! Domain names as Route 53 reads and writes them.

use postern_model::WILDCARD;

const NAME_MAX: usize = 255;
const LABEL_MAX: usize = 63;

/// Lower case, without the final dot, what is no letter, digit, hyphen or underscore as its octal code; `None` for what is no
/// domain name.
pub fn read(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let labels: Vec<String> = text.split('.').map(label).collect::<Option<_>>()?;
    let name = labels.join(".");
    (name.len() <= NAME_MAX).then_some(name)
}

fn label(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.bytes();
    let mut length = 0;
    while let Some(byte) = rest.next() {
        let byte = if byte == b'\\' { octal(&mut rest)? } else { byte };
        match byte.to_ascii_lowercase() {
            plain @ (b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_') => out.push(char::from(plain)),
            other if other.is_ascii_graphic() => out.push_str(&format!("\\{other:03o}")),
            _ => return None,
        }
        length += 1;
    }
    (1..=LABEL_MAX).contains(&length).then_some(out)
}

fn octal(rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let mut value = 0u32;
    for _ in 0..3 {
        value = value * 8 + char::from(rest.next()?).to_digit(8)?;
    }
    u8::try_from(value).ok()
}

/// As the API gives names back: with the final dot.
pub fn write(name: &str) -> String {
    format!("{name}.")
}

/// Whether `name` is `zone` or lies below it.
pub fn is_in(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

/// An asterisk may only be the whole first label to mean all names; elsewhere it is a letter like others.
pub fn is_wildcard(name: &str) -> bool {
    name.strip_prefix(WILDCARD).is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_one_way() {
        assert_eq!(read("WWW.Example.com.").as_deref(), Some("www.example.com"));
        assert_eq!(read("*.example.com").as_deref(), Some("\\052.example.com"));
        assert_eq!(read("\\052.example.com").as_deref(), Some("\\052.example.com"));
        assert_eq!(read("_sip._tcp.example.com").as_deref(), Some("_sip._tcp.example.com"));
        assert!(is_wildcard("\\052.example.com") && !is_wildcard("a\\052.example.com"));
    }

    #[test]
    fn what_is_no_name_is_none() {
        let long = format!("{}.com", "a".repeat(64));
        let endless = vec!["abcdefgh"; 40].join(".");
        for text in ["", ".", "a..b", "a b.com", "\\9.com", "ä.com", &long, &endless] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
