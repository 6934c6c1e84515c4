//! User data: base64 text of at most 16 KiB.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_call::Refusal;

/// Bytes before encoding.
const MOST_BYTES: usize = 16_384;

/// The text in canonical base64; `None` for empty data.
pub(super) fn checked(text: &str) -> Result<Option<String>, Refusal> {
    // Encoders wrap their lines.
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(&compact).map_err(|_| {
        Refusal::new("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data")
            .hint("the CLI encodes --user-data by itself; other clients send base64")
    })?;
    if bytes.len() > MOST_BYTES {
        return Err(Refusal::new("InvalidParameterValue", "User data is limited to 16384 bytes"));
    }
    Ok(if bytes.is_empty() { None } else { Some(STANDARD.encode(bytes)) })
}
