//! `MetadataOptions` of a request.

use crate::verbs::compute::word::{enabled, word};
use crate::{Request, refuse};
use postern_call::Refusal;
use postern_model::MetadataOptions;

/// The options with what the request changes.
pub(super) fn changed(options: &MetadataOptions, request: &Request<'_>) -> Result<MetadataOptions, Refusal> {
    let mut options = options.clone();
    if let Some(tokens) = word(request, "HttpTokens", &["optional", "required"])? {
        options.tokens_required = tokens == "required";
    }
    if let Some(limit) = request.number("HttpPutResponseHopLimit") {
        let in_range = u8::try_from(limit).ok().filter(|limit| (1..=64).contains(limit));
        options.hop_limit = in_range
            .ok_or_else(|| refuse::invalid_value("HttpPutResponseHopLimit", limit, "Must be between 1 and 64"))?;
    }
    if let Some(on) = enabled(request, "HttpEndpoint")? {
        options.enabled = on;
    }
    if let Some(on) = enabled(request, "InstanceMetadataTags")? {
        options.tags = on;
    }
    if enabled(request, "HttpProtocolIpv6")? == Some(true) {
        return Err(refuse::not_served("HttpProtocolIpv6"));
    }
    Ok(options)
}
