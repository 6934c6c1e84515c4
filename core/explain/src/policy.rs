//! Policies: judged by the engine of the gate for a call that is only thought of, never by the packet's way.
//!
//! The stops are named here so that a trace can hold them; which statement decides is the engine's word.

use crate::trace::Cause;
use postern_names::Stop;

pub(crate) fn tell(stop: Stop) -> String {
    match stop {
        Stop::EndpointPolicy => "the endpoint's policy is judged with the request".to_owned(),
        Stop::IdentityPolicy => "the caller's policies are judged with the request".to_owned(),
        _ => "the resource's policy is judged with the request".to_owned(),
    }
}

pub(crate) fn code(_: Cause) -> &'static str {
    "NO_PATH"
}
