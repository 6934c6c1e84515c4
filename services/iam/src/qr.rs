//! A text as a QR code, as PNG bytes: what an authenticator app scans.

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use qrcodegen::{QrCode, QrCodeEcc};
use std::io::Write;

/// Pixels of one module, and modules of white around the code.
const SCALE: i32 = 4;
const QUIET: i32 = 4;

/// `None`: the text is too long for a code.
pub fn png(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = (code.size() + 2 * QUIET) * SCALE;
    let mut pixels = Vec::new();
    for y in 0..side {
        // Each row begins with its filter: none.
        pixels.push(0);
        let dark = |x: i32| code.get_module(x / SCALE - QUIET, y / SCALE - QUIET);
        pixels.extend((0..side).map(|x| if dark(x) { 0 } else { 255 }));
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&pixels).ok()?;
    let side = side.to_be_bytes();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    // Eight bits a pixel, shades of grey.
    chunk(&mut png, b"IHDR", &[&side[..], &side[..], &[8, 0, 0, 0, 0]].concat());
    chunk(&mut png, b"IDAT", &packed.finish().ok()?);
    chunk(&mut png, b"IEND", &[]);
    Some(png)
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let mut sum = Crc::new();
    sum.update(kind);
    sum.update(data);
    png.extend(u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    png.extend(kind);
    png.extend(data);
    png.extend(sum.sum().to_be_bytes());
}
