//! Bodies in and out, a stretch at a time: small ones in memory, large ones straight to and from a file.

use crate::digest::{Claims, Digested, Digests};
use crate::error::{Answer, refuse, refuse_with};
use crate::seal::{self, BodyKey, Filling};
use crate::store::blobs::{Blobs, Pending, Reading};
use crate::store::objects::Body;
use crate::store::records::Piece;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use postern_call::Refusal;
use s3s::dto::StreamingBlob;
use s3s::stream::{ByteStream, RemainingLength};
use s3s::{StdError, TrailingHeaders};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Bodies up to this many bytes lie in the database.
pub(crate) const INLINE: u64 = 64 * 1024;
/// What one PUT or one part may have: 5 GiB.
pub(crate) const LARGEST: u64 = 5 * 1024 * 1024 * 1024;
/// What is read from a file at a time.
const STRETCH: usize = 256 * 1024;
/// Stretches on their way from the network to the file.
const IN_FLIGHT: usize = 8;

/// Where the bytes of an upload lie until a row names them.
pub(crate) enum Stored {
    Inline(Bytes),
    File(Pending),
}

/// A body received whole, its claims checked.
pub(crate) struct Received {
    pub stored: Stored,
    pub size: u64,
    pub digested: Digested,
}

/// A body still to be received.
pub(crate) struct Incoming {
    pub stream: Option<StreamingBlob>,
    pub length: Option<u64>,
    pub claims: Claims,
    pub trailers: Option<TrailingHeaders>,
    /// Whether a small body may lie in the database.
    pub inline: bool,
    /// What it is sealed with.
    pub key: Option<Arc<BodyKey>>,
}

impl Incoming {
    /// Reads the body to its end. What is in a file is durable when this returns.
    pub async fn receive(mut self, blobs: &Arc<Blobs>) -> Answer<Received> {
        self.claims.check_form()?;
        if self.length.is_some_and(|l| l > LARGEST) {
            return Err(too_large(self.length.unwrap_or(u64::MAX)));
        }
        let mut received = match (self.stream.take(), self.inline) {
            (None, true) => Small::new(self.claims.algorithm()).finish(),
            (None, false) => self.to_file(blobs, Bytes::new(), None).await?,
            (Some(stream), _) => self.read(blobs, stream).await?,
        };
        self.check(&mut received)?;
        if let (Some(key), Stored::Inline(bytes)) = (&self.key, &mut received.stored) {
            let mut sealed = bytes.to_vec();
            key.seal(seal::NO_FILE, 0, &mut sealed).map_err(Refusal::internal)?;
            *bytes = sealed.into();
        }
        Ok(received)
    }

    async fn read(&self, blobs: &Arc<Blobs>, mut stream: StreamingBlob) -> Answer<Received> {
        let expected = usize::try_from(self.length.unwrap_or(0).min(INLINE)).unwrap_or(0);
        let mut start = BytesMut::with_capacity(expected);
        while self.inline && start.len() as u64 <= INLINE {
            match stream.next().await {
                Some(chunk) => start.extend_from_slice(&chunk.map_err(broken_body)?),
                None => {
                    let mut small = Small::new(self.claims.algorithm());
                    small.digests.update(&start);
                    small.bytes = start.freeze();
                    return Ok(small.finish());
                }
            }
        }
        self.to_file(blobs, start.freeze(), Some(stream)).await
    }

    async fn to_file(&self, blobs: &Arc<Blobs>, start: Bytes, stream: Option<StreamingBlob>) -> Answer<Received> {
        let (sender, inbox) = mpsc::channel(IN_FLIGHT);
        let (keeper, digests) = (blobs.clone(), Digests::new(self.claims.algorithm()));
        let key = self.key.clone();
        let writing = tokio::task::spawn_blocking(move || write_file(&keeper, digests, key, inbox));
        let fed = feed(&sender, start, stream).await;
        // Only a body that came whole is sealed; otherwise the file goes again.
        let whole = fed.is_ok() && sender.send(Chunk::End).await.is_ok();
        drop(sender);
        let written = writing.await.map_err(Refusal::internal)?;
        fed?;
        match written {
            Ok(Some(received)) if whole => Ok(received),
            Ok(_) => Err(Refusal::internal("the file ended before its body")),
            Err(error) => Err(Refusal::internal(error)),
        }
    }

    /// Length, header claims and trailer claims.
    fn check(&mut self, received: &mut Received) -> Answer<()> {
        if self.length.is_some_and(|l| l != received.size) {
            return Err(refuse("IncompleteBody"));
        }
        if let Some(trailers) = self.trailers.as_ref().and_then(TrailingHeaders::take) {
            for algorithm in crate::store::records::Algorithm::ALL {
                if let Some(value) = trailers.get(algorithm.header()).and_then(|v| v.to_str().ok()) {
                    self.claims.sums.push((algorithm, value.to_owned()));
                }
            }
            self.claims.check_form()?;
        }
        self.claims.check(&received.digested)
    }
}

struct Small {
    digests: Digests,
    bytes: Bytes,
}

impl Small {
    fn new(algorithm: crate::store::records::Algorithm) -> Self {
        Self { digests: Digests::new(algorithm), bytes: Bytes::new() }
    }
    fn finish(self) -> Received {
        let size = self.bytes.len() as u64;
        Received { stored: Stored::Inline(self.bytes), size, digested: self.digests.finish() }
    }
}

enum Chunk {
    Data(Bytes),
    End,
}

/// Hands the bytes to the writing thread as they come.
async fn feed(sender: &mpsc::Sender<Chunk>, start: Bytes, stream: Option<StreamingBlob>) -> Answer<()> {
    let mut size = start.len() as u64;
    // A thread that has stopped says why itself.
    if !start.is_empty() && sender.send(Chunk::Data(start)).await.is_err() {
        return Ok(());
    }
    let Some(mut stream) = stream else { return Ok(()) };
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(broken_body)?;
        size += chunk.len() as u64;
        if size > LARGEST {
            return Err(too_large(size));
        }
        if sender.send(Chunk::Data(chunk)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Writes what comes to a new file and seals it; `None` if the sender went before the end.
fn write_file(
    blobs: &Blobs,
    mut digests: Digests,
    key: Option<Arc<BodyKey>>,
    mut inbox: mpsc::Receiver<Chunk>,
) -> std::io::Result<Option<Received>> {
    let (pending, file) = blobs.create()?;
    let mut filling = Filling::new(file, pending.id, key);
    let mut size = 0_u64;
    while let Some(chunk) = inbox.blocking_recv() {
        match chunk {
            Chunk::Data(bytes) => {
                filling.write(&bytes)?;
                digests.update(&bytes);
                size += bytes.len() as u64;
            }
            Chunk::End => {
                blobs.seal(&pending, &filling.finish()?)?;
                return Ok(Some(Received { stored: Stored::File(pending), size, digested: digests.finish() }));
            }
        }
    }
    Ok(None)
}

fn too_large(size: u64) -> Refusal {
    refuse("EntityTooLarge").member("ProposedSize", size.to_string()).member("MaxSizeAllowed", LARGEST.to_string())
}

/// Why a body broke off. `s3s` keeps the types of these errors to itself, so their words must do.
fn broken_body(error: StdError) -> Refusal {
    let text = error.to_string();
    if text.contains("Sha256Mismatch") {
        refuse("XAmzContentSHA256Mismatch")
    } else if text.contains("SignatureMismatch") {
        refuse("SignatureDoesNotMatch")
    } else if text.contains("FormatError") || text.contains("TooLarge") || text.contains("TooMany") {
        refuse_with("InvalidRequest", "The aws-chunked body is not well-formed.")
    } else {
        refuse("IncompleteBody")
    }
}

/// A body being sent: the bytes from `from` on, `left` of them, opened with the key that sealed them.
pub(crate) fn outgoing(
    body: Body,
    from: u64,
    left: u64,
    blobs: &Blobs,
    reading: Arc<Reading>,
    key: Option<Arc<BodyKey>>,
) -> Answer<StreamingBlob> {
    Ok(match body {
        Body::Inline(bytes) => {
            let bytes = match key {
                Some(key) => key.open(seal::NO_FILE, 0, bytes.to_vec()).map_err(Refusal::internal)?.into(),
                None => bytes,
            };
            let clamp = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(bytes.len());
            StreamingBlob::from(s3s::Body::from(bytes.slice(clamp(from)..clamp(from.saturating_add(left)))))
        }
        Body::Pieces(pieces) => {
            let source = Source { spans: spans(&pieces, from, left, blobs), open: None, key };
            StreamingBlob::new(FileStream::new(source, left, reading))
        }
    })
}

/// A stretch of one file.
struct Span {
    path: std::path::PathBuf,
    blob: i64,
    /// Bytes of the whole file, in the clear.
    whole: u64,
    from: u64,
    size: u64,
}

/// The spans of the pieces that cover `left` bytes from `from`.
fn spans(pieces: &[Piece], mut from: u64, mut left: u64, blobs: &Blobs) -> VecDeque<Span> {
    let mut spans = VecDeque::new();
    for piece in pieces {
        if from >= piece.size {
            from -= piece.size;
            continue;
        }
        let size = left.min(piece.size - from);
        if size == 0 {
            break;
        }
        spans.push_back(Span { path: blobs.path(piece.blob), blob: piece.blob, whole: piece.size, from, size });
        left -= size;
        from = 0;
    }
    spans
}

struct Source {
    spans: VecDeque<Span>,
    /// The file being read and what is still wanted of it.
    open: Option<(File, Span)>,
    key: Option<Arc<BodyKey>>,
}

impl Source {
    /// The next stretch; empty at the end. Blocks.
    fn next(&mut self) -> std::io::Result<Bytes> {
        loop {
            if let Some((file, span)) = &mut self.open
                && span.size > 0
            {
                let bytes = match &self.key {
                    None => clear_stretch(file, span)?,
                    Some(key) => sealed_stretch(file, span, key)?,
                };
                span.from += bytes.len() as u64;
                span.size -= bytes.len() as u64;
                return Ok(bytes);
            }
            let Some(span) = self.spans.pop_front() else { return Ok(Bytes::new()) };
            let mut file = File::open(&span.path)?;
            if self.key.is_none() {
                file.seek(SeekFrom::Start(span.from))?;
            }
            self.open = Some((file, span));
        }
    }
}

/// The next bytes of a file that stands where they begin.
fn clear_stretch(file: &mut File, span: &Span) -> std::io::Result<Bytes> {
    let wanted = usize::try_from(span.size).unwrap_or(STRETCH).min(STRETCH);
    let mut buffer = vec![0; wanted];
    file.read_exact(&mut buffer)?;
    Ok(buffer.into())
}

/// What is wanted of the sealed stretch in which the next byte lies.
fn sealed_stretch(file: &mut File, span: &Span, key: &BodyKey) -> std::io::Result<Bytes> {
    let stretch = seal::STRETCH as u64;
    let (at, skipped) = (span.from / stretch, span.from % stretch);
    let size = stretch.min(span.whole.saturating_sub(at * stretch));
    file.seek(SeekFrom::Start(at * (stretch + seal::TAG as u64)))?;
    let number = |n: u64| usize::try_from(n).map_err(std::io::Error::other);
    let mut sealed = vec![0; number(size)? + seal::TAG];
    file.read_exact(&mut sealed)?;
    let opened = Bytes::from(key.open(span.blob, u32::try_from(at).map_err(std::io::Error::other)?, sealed)?);
    Ok(opened.slice(number(skipped)?..number(size.min(skipped + span.size))?))
}

type Step = std::io::Result<(Source, Bytes)>;

/// Files sent as a stream whose length is known, one stretch ahead of the network.
struct FileStream {
    step: Option<JoinHandle<Step>>,
    left: u64,
    _reading: Arc<Reading>,
}

fn read_on(mut source: Source) -> JoinHandle<Step> {
    tokio::task::spawn_blocking(move || {
        let bytes = source.next()?;
        Ok((source, bytes))
    })
}

impl FileStream {
    fn new(source: Source, left: u64, reading: Arc<Reading>) -> Self {
        Self { step: (left > 0).then(|| read_on(source)), left, _reading: reading }
    }
}

impl Stream for FileStream {
    type Item = Result<Bytes, StdError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(step) = self.step.as_mut() else { return Poll::Ready(None) };
        let done = ready!(Pin::new(step).poll(cx));
        self.step = None;
        let (source, bytes) = match done.map_err(StdError::from).and_then(|step| step.map_err(StdError::from)) {
            Ok(next) => next,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        if bytes.is_empty() {
            return Poll::Ready(None);
        }
        self.left = self.left.saturating_sub(bytes.len() as u64);
        if self.left > 0 {
            self.step = Some(read_on(source));
        }
        Poll::Ready(Some(Ok(bytes)))
    }
}

impl ByteStream for FileStream {
    fn remaining_length(&self) -> RemainingLength {
        RemainingLength::new_exact(usize::try_from(self.left).unwrap_or(usize::MAX))
    }
}

/// Digests of a body that is stored already, in the clear. Blocks.
pub(crate) fn digest_stored(body: &Body, digests: &mut Digests, blobs: &Blobs) -> std::io::Result<()> {
    match body {
        Body::Inline(bytes) => digests.update(bytes),
        Body::Pieces(pieces) => {
            let size = pieces.iter().map(|p| p.size).sum();
            let mut source = Source { spans: spans(pieces, 0, size, blobs), open: None, key: None };
            loop {
                let bytes = source.next()?;
                if bytes.is_empty() {
                    break;
                }
                digests.update(&bytes);
            }
        }
    }
    Ok(())
}
