//! Receipt handles: which receive of which message of which queue.

use crate::refuse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use postern_call::Refusal;

/// A receipt handle taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle {
    pub number: u64,
    /// Which receive of the message gave it out.
    pub receive: u32,
}

pub fn write(queue: u64, handle: Handle) -> String {
    let mut bytes = Vec::with_capacity(24);
    bytes.extend(queue.to_be_bytes());
    bytes.extend(handle.number.to_be_bytes());
    bytes.extend(handle.receive.to_be_bytes());
    // So that no one takes the handle for a number to count on.
    bytes.extend(mix(queue, handle).to_be_bytes());
    URL_SAFE.encode(bytes)
}

/// Reads a handle of this queue.
pub fn read(queue: u64, text: &str) -> Result<Handle, Refusal> {
    read_plain(queue, text).ok_or_else(|| refuse::handle(text))
}

fn read_plain(queue: u64, text: &str) -> Option<Handle> {
    let bytes: [u8; 24] = URL_SAFE.decode(text).ok()?.try_into().ok()?;
    let (own, rest) = bytes.split_first_chunk::<8>()?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let (receive, mark) = rest.split_first_chunk::<4>()?;
    let handle = Handle { number: u64::from_be_bytes(*number), receive: u32::from_be_bytes(*receive) };
    (u64::from_be_bytes(*own) == queue && mix(queue, handle).to_be_bytes() == mark).then_some(handle)
}

fn mix(queue: u64, handle: Handle) -> u32 {
    let mixed = (queue ^ handle.number.rotate_left(17) ^ u64::from(handle.receive)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_good_for_its_queue_alone() {
        let handle = Handle { number: 7 << 30, receive: 2 };
        let text = write(5, handle);
        assert_eq!(read(5, &text), Ok(handle));
        assert_eq!(read(6, &text).unwrap_err().code, "ReceiptHandleIsInvalid");
        let mut other = text.clone().into_bytes();
        other[12] = if other[12] == b'A' { b'B' } else { b'A' };
        assert!(read(5, &String::from_utf8(other).unwrap()).is_err());
        assert!(read(5, "nonsense").is_err());
    }
}
